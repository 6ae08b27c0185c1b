// Encoding DNA: order of merges, words, unknown letters, cost.
#include "tokenizer/dna_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/merged_naively.h"
#include "unit/tokenizer/allocation_count.h"
#include "unit/tokenizer/generated_sequences.h"
#include "unit/tokenizer/tokenizer_files.h"

namespace virnucpro::test {
namespace {

using ::testing::ElementsAre;
using Ids = std::vector<std::int32_t>;

// [UNK] 0, [CLS] 1, [SEP] 2, A 3, C 4, G 5, T 6, then whatever the merges make, in their order.
DnaTokenizer tokenizer_with(const std::vector<std::pair<std::string, std::string>>& merges) {
  nlohmann::json vocabulary = {{"[UNK]", 0}, {"[CLS]", 1}, {"[SEP]", 2}, {"A", 3},
                               {"C", 4},     {"G", 5},     {"T", 6}};
  nlohmann::json pairs = nlohmann::json::array();
  int id = 7;
  for (const auto& [left, right] : merges) {
    for (const std::string& token : {left, right, left + right}) {
      if (!vocabulary.contains(token)) vocabulary[token] = id++;
    }
    pairs.push_back(nlohmann::json::array({left, right}));
  }
  const auto special = [](const char* name, int special_id) {
    return nlohmann::json{{"id", name}, {"ids", {special_id}}, {"tokens", {name}}};
  };
  const auto piece = [](const char* kind, const char* name) {
    return nlohmann::json{{kind, {{"id", name}, {"type_id", 0}}}};
  };
  const nlohmann::json file = {
      {"pre_tokenizer", {{"type", "Whitespace"}}},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single",
         {piece("SpecialToken", "[CLS]"), piece("Sequence", "A"), piece("SpecialToken", "[SEP]")}},
        {"special_tokens", {{"[CLS]", special("[CLS]", 1)}, {"[SEP]", special("[SEP]", 2)}}}}},
      {"model",
       {{"type", "BPE"}, {"unk_token", "[UNK]"}, {"vocab", vocabulary}, {"merges", pairs}}}};
  return DnaTokenizer::from_json(file.dump(), "test");
}

DnaTokenizer small_tokenizer() {
  return DnaTokenizer::from_json(read_file(test_data("small_tokenizer.json")), "small");
}

Ids encode(const DnaTokenizer& tokenizer, std::string_view text) {
  DnaTokenizer::Scratch scratch;
  Ids ids;
  tokenizer.encode(text, scratch, ids);
  return ids;
}

TEST(DnaTokenizer, GivesOnlyTheTemplateForAnEmptySequence) {
  EXPECT_THAT(encode(small_tokenizer(), ""), ElementsAre(1, 2));
  EXPECT_THAT(encode(small_tokenizer(), " \t\r\n"), ElementsAre(1, 2));
}

TEST(DnaTokenizer, AppendsToWhatIsThere) {
  const DnaTokenizer tokenizer = tokenizer_with({{"A", "A"}});
  DnaTokenizer::Scratch scratch;
  Ids ids = {99};
  tokenizer.encode("AAC", scratch, ids);
  tokenizer.encode("G", scratch, ids);
  EXPECT_THAT(ids, ElementsAre(99, 1, 7, 4, 2, 1, 5, 2));
}

TEST(DnaTokenizer, MergesTheLowestRankFirst) {
  // ACG: with A+C first nothing is left for C+G, and the other way round.
  EXPECT_THAT(encode(tokenizer_with({{"A", "C"}, {"C", "G"}}), "ACG"), ElementsAre(1, 7, 5, 2));
  EXPECT_THAT(encode(tokenizer_with({{"C", "G"}, {"A", "C"}}), "ACG"), ElementsAre(1, 3, 7, 2));
}

TEST(DnaTokenizer, MergesTheLeftmostFirstOnATie) {
  EXPECT_THAT(encode(tokenizer_with({{"A", "A"}}), "AAAAA"), ElementsAre(1, 7, 7, 3, 2));
}

TEST(DnaTokenizer, TakesUpAMergeOfLowerRankAsSoonAsItBecomesPossible) {
  // AA (rank 1) makes AA+A (rank 0) possible, which comes before the next AA.
  EXPECT_THAT(encode(tokenizer_with({{"AA", "A"}, {"A", "A"}}), "AAAAAA"), ElementsAre(1, 8, 8, 2));
}

TEST(DnaTokenizer, NeverMergesAcrossAnUnknownLetter) {
  EXPECT_THAT(encode(tokenizer_with({{"A", "A"}}), "ANA"), ElementsAre(1, 3, 0, 3, 2));
  EXPECT_THAT(encode(tokenizer_with({{"A", "A"}}), "AANAA"), ElementsAre(1, 7, 0, 7, 2));
}

TEST(DnaTokenizer, GivesEachUnknownLetterItsOwnToken) {
  EXPECT_THAT(encode(small_tokenizer(), "NNRY"), ElementsAre(1, 0, 0, 0, 0, 2));
  EXPECT_EQ(encode(small_tokenizer(), std::string(1000, 'N')).size(), 1002u);
}

TEST(DnaTokenizer, NeverMergesAcrossWords) {
  const DnaTokenizer tokenizer = tokenizer_with({{"A", "A"}});
  EXPECT_THAT(encode(tokenizer, "A A"), ElementsAre(1, 3, 3, 2));
  EXPECT_THAT(encode(tokenizer, "A-A"), ElementsAre(1, 3, 0, 3, 2));
}

TEST(DnaTokenizer, DoesNotFoldCase) {
  EXPECT_THAT(encode(tokenizer_with({{"A", "A"}}), "AAaa"), ElementsAre(1, 7, 0, 0, 2));
}

TEST(DnaTokenizer, TakesEveryByteOutsideAsciiForAnUnknownLetter) {
  EXPECT_THAT(encode(tokenizer_with({}), "A\xc3\xa9\xffG"), ElementsAre(1, 3, 0, 0, 0, 5, 2));
}

TEST(DnaTokenizer, TakesASpelledOutSpecialTokenForText) {
  EXPECT_THAT(encode(tokenizer_with({}), "[CLS]"), ElementsAre(1, 0, 4, 0, 0, 0, 2));
}

TEST(DnaTokenizer, KnowsItsVocabulary) {
  const DnaTokenizer tokenizer = small_tokenizer();
  EXPECT_EQ(tokenizer.vocabulary_size(), 512u);
  EXPECT_EQ(tokenizer.unknown_id(), 0);
  EXPECT_THAT(tokenizer.leading_ids(), ElementsAre(1));
  EXPECT_THAT(tokenizer.trailing_ids(), ElementsAre(2));
  EXPECT_EQ(tokenizer.id_of("[PAD]"), 3);
  EXPECT_EQ(tokenizer.id_of("no such token"), std::nullopt);
}

Ids merge_naively(const std::vector<std::pair<std::string, std::string>>& merges,
                  const DnaTokenizer& tokenizer, const std::string& text) {
  const auto id = [&](const std::string& token) { return tokenizer.id_of(token).value(); };
  std::vector<TokenizerFile::Merge> merges_of_ids;
  for (const auto& [left, right] : merges) {
    merges_of_ids.push_back({id(left), id(right), id(left + right)});
  }
  Ids ids;
  for (const char letter : text) ids.push_back(id(std::string(1, letter)));
  ids = test::merged_naively(std::move(ids), merges_of_ids);
  ids.insert(ids.begin(), 1);
  ids.push_back(2);
  return ids;
}

TEST(DnaTokenizer, AgreesWithTheDefinitionForMergesInAnyOrder) {
  const SequenceGenerator generator;
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    // All pairs of words of one and two letters out of two, in an order that no training gives.
    std::vector<std::pair<std::string, std::string>> merges;
    for (const char* left : {"A", "C", "AA", "AC", "CA", "CC"}) {
      for (const char* right : {"A", "C", "AA", "AC", "CA", "CC"}) merges.emplace_back(left, right);
    }
    std::shuffle(merges.begin(), merges.end(), random);
    merges.resize(24);
    // Several merges make the same token, and some name tokens that none makes.
    const DnaTokenizer tokenizer = tokenizer_with(merges);
    for (std::size_t i = 0; i < 40; i += 4) {
      std::string text = generator.sequence(i).substr(0, 150);
      std::replace(text.begin(), text.end(), 'G', 'A');
      std::replace(text.begin(), text.end(), 'T', 'C');
      EXPECT_EQ(encode(tokenizer, text), merge_naively(merges, tokenizer, text)) << text;
    }
  }
}

TEST(DnaTokenizer, EncodesAMillionEqualLettersQuickly) {
  const DnaTokenizer tokenizer = small_tokenizer();
  const std::string text(1'000'000, 'A');
  const auto start = std::chrono::steady_clock::now();
  const Ids ids = encode(tokenizer, text);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_LT(ids.size(), 300'000u);
  // Takes a tenth of a second; quadratic work would take hours. The rest is for sanitizers.
  EXPECT_LT(seconds.count(), 10.0);
}

TEST(DnaTokenizer, AllocatesNothingOnceItsBuffersHaveGrown) {
  const DnaTokenizer tokenizer = small_tokenizer();
  const SequenceGenerator generator;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 100; ++i) texts.push_back(generator.sequence(i));
  DnaTokenizer::Scratch scratch;
  Ids ids;
  const auto encode_all = [&] {
    for (const std::string& text : texts) {
      ids.clear();
      tokenizer.encode(text, scratch, ids);
    }
  };
  encode_all();
  const std::size_t before = allocation_count();
  encode_all();
  EXPECT_EQ(allocation_count() - before, 0u);
}

TEST(DnaTokenizer, ServesSeveralThreadsAtOnce) {
  const DnaTokenizer tokenizer = small_tokenizer();
  const SequenceGenerator generator;
  std::vector<Ids> results(4);
  std::vector<std::thread> threads;
  for (Ids& ids : results) {
    threads.emplace_back([&] {
      DnaTokenizer::Scratch scratch;
      for (std::size_t i = 0; i < 200; ++i) tokenizer.encode(generator.sequence(i), scratch, ids);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Ids& ids : results) EXPECT_EQ(ids, results[0]);
}

}  // namespace
}  // namespace virnucpro::test
