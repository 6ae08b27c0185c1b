// Encoding from left to right against the definition of byte-pair encoding, for merges that were
// trained and merges that were not.
#include "tokenizer/stable_tokens.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/merged_naively.h"

namespace virnucpro::test {
namespace {

using Ids = std::vector<std::int32_t>;

/// A vocabulary that starts with single letters and grows merge by merge.
struct Vocabulary {
  explicit Vocabulary(const std::string& letters) {
    for (const char letter : letters) add(std::string(1, letter));
  }

  void add(const std::string& text) {
    file.vocabulary.emplace(text, static_cast<std::int32_t>(texts.size()));
    texts.push_back(text);
  }
  bool merge(std::int32_t left, std::int32_t right) {
    const std::string text = text_of(left) + text_of(right);
    if (file.vocabulary.contains(text)) return false;
    file.merges.push_back({left, right, static_cast<std::int32_t>(texts.size())});
    add(text);
    return true;
  }
  const std::string& text_of(std::int32_t id) const { return texts[static_cast<std::size_t>(id)]; }
  Ids letters(const std::string& text) const {
    Ids ids;
    for (const char letter : text) ids.push_back(file.vocabulary.at(std::string(1, letter)));
    return ids;
  }

  TokenizerFile file;
  std::vector<std::string> texts;  // by id
};

std::string random_text(const std::string& letters, std::size_t length, std::mt19937& random) {
  std::string text;
  while (text.size() < length) {
    // Now and then a repeat, which makes ties.
    const std::size_t unit = 1 + random() % 3;
    std::string piece;
    for (std::size_t i = 0; i < unit; ++i) piece += letters[random() % letters.size()];
    for (std::size_t i = random() % 4 == 0 ? 6 : 1; i > 0; --i) text += piece;
  }
  return text.substr(0, length);
}

/// Byte-pair training: the most frequent pair of a text becomes a token.
Vocabulary trained(const std::string& letters, std::size_t merges, std::mt19937& random) {
  Vocabulary vocabulary(letters);
  Ids ids = vocabulary.letters(random_text(letters, 3000, random));
  for (std::size_t i = 0; i < merges; ++i) {
    std::map<std::pair<std::int32_t, std::int32_t>, int> counts;
    for (std::size_t at = 0; at + 1 < ids.size(); ++at) ++counts[{ids[at], ids[at + 1]}];
    const auto most = std::ranges::max_element(counts, {}, [](const auto& c) { return c.second; });
    EXPECT_TRUE(vocabulary.merge(most->first.first, most->first.second));
    ids = merged_naively(std::move(ids), {vocabulary.file.merges.back()});
  }
  return vocabulary;
}

/// Any two tokens become one.
Vocabulary random_vocabulary(const std::string& letters, std::size_t merges, std::mt19937& random) {
  Vocabulary vocabulary(letters);
  while (vocabulary.file.merges.size() < merges) {
    const auto any = [&] { return static_cast<std::int32_t>(random() % vocabulary.texts.size()); };
    const std::int32_t left = any();
    vocabulary.merge(left, any());
  }
  return vocabulary;
}

class Encoder {
 public:
  explicit Encoder(const TokenizerFile& file)
      : merges_(file.merges), tokens_(StableTokens::make(file, merges_)) {}

  bool is_made() const { return tokens_.has_value(); }
  Ids encode(const std::string& text) {
    Ids ids = {-7};  // what is there stays
    tokens_->encode(text, merges_, positions_, ids);
    EXPECT_EQ(ids.front(), -7);
    ids.erase(ids.begin());
    return ids;
  }

 private:
  MergeTable merges_;
  std::optional<StableTokens> tokens_;
  std::vector<std::uint16_t> positions_;
};

void expect_the_definition(const Vocabulary& vocabulary, Encoder& encoder,
                           const std::string& text) {
  ASSERT_EQ(encoder.encode(text), merged_naively(vocabulary.letters(text), vocabulary.file.merges))
      << text;
}

TEST(StableTokens, GiveWhatTheDefinitionGivesForTrainedMerges) {
  std::mt19937 random(11);
  for (const char* letters : {"A", "AC", "ACG", "ACGT"}) {
    for (int round = 0; round < 6; ++round) {
      const std::size_t merges = letters == std::string("A") ? 8 : 80;
      const Vocabulary vocabulary = trained(letters, merges, random);
      Encoder encoder(vocabulary.file);
      ASSERT_TRUE(encoder.is_made());
      for (std::size_t length = 0; length < 120; ++length) {
        expect_the_definition(vocabulary, encoder, random_text(letters, length, random));
      }
    }
  }
}

TEST(StableTokens, GiveWhatTheDefinitionGivesForEveryShortText) {
  std::mt19937 random(12);
  const Vocabulary vocabulary = trained("AC", 30, random);
  Encoder encoder(vocabulary.file);
  ASSERT_TRUE(encoder.is_made());
  for (std::size_t length = 0; length <= 11; ++length) {
    for (unsigned bits = 0; bits < 1u << length; ++bits) {
      std::string text;
      for (std::size_t i = 0; i < length; ++i) text += (bits >> i & 1) != 0 ? 'C' : 'A';
      expect_the_definition(vocabulary, encoder, text);
    }
  }
}

// Each merge joins two existing tokens: is every token what merging its own text gives?
TEST(StableTokens, AreMadeExactlyWhenEveryTokenCanAppear) {
  std::mt19937 random(13);
  int made = 0;
  for (int round = 0; round < 400; ++round) {
    const Vocabulary vocabulary = random_vocabulary("AC", 4 + random() % 5, random);
    const bool all_appear = std::ranges::all_of(vocabulary.file.vocabulary, [&](const auto& token) {
      return merged_naively(vocabulary.letters(token.first), vocabulary.file.merges) ==
             Ids{token.second};
    });
    Encoder encoder(vocabulary.file);
    ASSERT_EQ(encoder.is_made(), all_appear) << "round " << round;
    if (!all_appear) continue;
    ++made;
    for (int i = 0; i < 20; ++i) {
      expect_the_definition(vocabulary, encoder, random_text("AC", 60, random));
    }
  }
  EXPECT_GT(made, 40);
  EXPECT_LT(made, 360);
}

TEST(StableTokens, AreNotMadeOfMergesThatNoTrainingGives) {
  Vocabulary good("ACGT");
  ASSERT_TRUE(good.merge(0, 0));  // AA is 4
  ASSERT_TRUE(good.merge(4, 0));  // AAA is 5
  ASSERT_TRUE(Encoder(good.file).is_made());

  TokenizerFile twice = good.file;  // A, AA gives AAA, too
  twice.merges.push_back({0, 4, 5});
  EXPECT_FALSE(Encoder(twice).is_made());

  TokenizerFile too_early = good.file;  // AAA before AA
  std::swap(too_early.merges[0], too_early.merges[1]);
  EXPECT_FALSE(Encoder(too_early).is_made());

  TokenizerFile of_no_merge = good.file;  // CG is in the vocabulary and nothing makes it
  of_no_merge.vocabulary.emplace("CG", 6);
  EXPECT_TRUE(Encoder(of_no_merge).is_made());
  of_no_merge.vocabulary.emplace("CGA", 7);
  of_no_merge.merges.push_back({6, 0, 7});
  EXPECT_FALSE(Encoder(of_no_merge).is_made());
}

TEST(StableTokens, AreNotMadeWhereTablesWouldBeLarge) {
  EXPECT_FALSE(Encoder(Vocabulary("ACGTN").file).is_made());

  TokenizerFile far_letter = Vocabulary("ACG").file;
  far_letter.vocabulary.emplace("T", 8191);
  EXPECT_TRUE(Encoder(far_letter).is_made());
  far_letter.vocabulary["T"] = 8192;
  EXPECT_FALSE(Encoder(far_letter).is_made());

  Vocabulary far_token("ACGT");
  ASSERT_TRUE(far_token.merge(0, 1));
  far_token.file.merges[0].joined = far_token.file.vocabulary["AC"] = 8192;
  EXPECT_FALSE(Encoder(far_token.file).is_made());

  Vocabulary doubled("A");  // 1, 2, 4 ... letters: 2^20 - 1 in all, then 2^21 - 1
  for (std::int32_t i = 0; i < 19; ++i) ASSERT_TRUE(doubled.merge(i, i));
  EXPECT_TRUE(Encoder(doubled.file).is_made());
  ASSERT_TRUE(doubled.merge(19, 19));
  EXPECT_FALSE(Encoder(doubled.file).is_made());
}

// The other threads use what one thread finds out about a pair.
TEST(StableTokens, ServeSeveralThreadsAtOnce) {
  std::mt19937 random(14);
  const Vocabulary vocabulary = trained("ACGT", 200, random);
  const std::string text = random_text("ACGT", 20'000, random);
  const MergeTable merges(vocabulary.file.merges);
  const std::optional<StableTokens> tokens = StableTokens::make(vocabulary.file, merges);
  ASSERT_TRUE(tokens.has_value());
  std::vector<Ids> results(4);
  {
    std::vector<std::jthread> threads;
    for (Ids& ids : results) {
      threads.emplace_back([&] {
        std::vector<std::uint16_t> positions;
        tokens->encode(text, merges, positions, ids);
      });
    }
  }
  EXPECT_EQ(results[0], Encoder(vocabulary.file).encode(text));
  for (const Ids& ids : results) EXPECT_EQ(ids, results[0]);
}

}  // namespace
}  // namespace virnucpro::test
