// The DNA tokenizer against stored answers of Hugging Face tokenizers.
#include <gtest/gtest.h>

#include <zlib.h>
#include <ostream>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "tokenizer/dna_tokenizer.h"
#include "unit/tokenizer/generated_sequences.h"
#include "unit/tokenizer/tokenizer_files.h"

namespace virnucpro::test {
namespace {

constexpr const char* kPublished = "data/dnabert_s/tokenizer.json";

// "small" is part of the test data, "published" is DNABERT-S's own.
std::string tokenizer_path(const std::string& name) {
  return name == "small" ? test_data("small_tokenizer.json") : shared_file(kPublished);
}

#define SKIP_WITHOUT(path)                                                                      \
  if (!file_exists(path)) {                                                                     \
    GTEST_SKIP() << (path) << " is not here; set VIRNUCPRO_SHARED to the folder that holds it"; \
  }

struct ExpectedBlock {
  std::size_t block;
  std::size_t ids;
  std::string ids_digest;
  std::string text_digest;
};

std::vector<ExpectedBlock> read_blocks(const std::string& path) {
  std::ifstream file(path);
  std::vector<ExpectedBlock> blocks;
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with('#')) continue;
    ExpectedBlock expected;
    std::istringstream(line) >> expected.block >> expected.ids >> expected.ids_digest >>
        expected.text_digest;
    blocks.push_back(expected);
  }
  return blocks;
}

// sequence(i) gives the sequence number i.
template <typename Sequence>
void expect_block(const DnaTokenizer& tokenizer, const ExpectedBlock& expected, Sequence sequence) {
  DnaTokenizer::Scratch scratch;
  std::vector<std::int32_t> ids;
  std::string texts;
  for (std::size_t i = expected.block * kBlock; i < (expected.block + 1) * kBlock; ++i) {
    const std::string text = sequence(i);
    if (!texts.empty()) texts += '\n';
    texts += text;
    tokenizer.encode(text, scratch, ids);
  }
  ASSERT_EQ(sha256_of(texts).substr(0, 16), expected.text_digest)
      << "block " << expected.block << ": these are not the sequences that the script made";
  EXPECT_EQ(ids.size(), expected.ids) << "block " << expected.block;
  EXPECT_EQ(sha256_of(ids), expected.ids_digest) << "block " << expected.block;
}

struct Part {
  const char* tokenizer;
  std::size_t quarter;  // a quarter of the blocks per test, so that they run side by side

  friend void PrintTo(const Part& part, std::ostream* out) {
    *out << part.tokenizer << ", quarter " << part.quarter;
  }
};

class GeneratedSequences : public ::testing::TestWithParam<Part> {};

TEST_P(GeneratedSequences, GiveTheIdsOfHuggingFace) {
  const std::string path = tokenizer_path(GetParam().tokenizer);
  SKIP_WITHOUT(path);
  const DnaTokenizer tokenizer = DnaTokenizer::from_json(read_file(path), path);
  const SequenceGenerator generator;
  const auto blocks = read_blocks(test_data(GetParam().tokenizer + std::string("_generated.tsv")));
  ASSERT_EQ(blocks.size(), 100u);
  for (std::size_t i = GetParam().quarter; i < blocks.size(); i += 4) {
    expect_block(tokenizer, blocks[i], [&](std::size_t at) { return generator.sequence(at); });
  }
}

INSTANTIATE_TEST_SUITE_P(, GeneratedSequences,
                         ::testing::Values(Part{"small", 0}, Part{"small", 1}, Part{"small", 2},
                                           Part{"small", 3}, Part{"published", 0},
                                           Part{"published", 1}, Part{"published", 2},
                                           Part{"published", 3}),
                         [](const auto& part) {
                           return part.param.tokenizer + std::to_string(part.param.quarter);
                         });

// All sequence lines of a gzipped FASTA file, joined.
std::string joined_sequences(const std::string& path) {
  std::string content;
  std::vector<char> buffer(1 << 16);
  gzFile file = gzopen(path.c_str(), "rb");
  while (file != nullptr) {
    const int count = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()));
    if (count <= 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
  gzclose(file);
  std::string joined;
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('>')) joined += line;
  }
  return joined;
}

class RealSequences : public ::testing::TestWithParam<const char*> {};

TEST_P(RealSequences, GiveTheIdsOfHuggingFace) {
  const std::string path = tokenizer_path(GetParam());
  SKIP_WITHOUT(path);
  std::vector<std::string> texts;
  for (const char* name : {"viral", "bacteria", "vertebrate"}) {
    const std::string corpus = shared_file(std::string("corpus/dev/") + name + ".fa.gz");
    SKIP_WITHOUT(corpus);
    texts.push_back(joined_sequences(corpus));
  }
  const DnaTokenizer tokenizer = DnaTokenizer::from_json(read_file(path), path);
  const auto blocks = read_blocks(test_data(GetParam() + std::string("_corpus.tsv")));
  ASSERT_EQ(blocks.size(), 30u);
  for (const ExpectedBlock& expected : blocks) {
    expect_block(tokenizer, expected, [&](std::size_t i) {
      SplitMix64 random(1'000'000 + i);
      return slice_of(texts[i % 3], random);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(, RealSequences, ::testing::Values("small", "published"),
                         [](const auto& name) { return std::string(name.param); });

class SingleSequences : public ::testing::TestWithParam<const char*> {};

TEST_P(SingleSequences, GiveTheIdsOfHuggingFaceWithAndWithoutFusedUnknowns) {
  const std::string path = tokenizer_path(GetParam());
  SKIP_WITHOUT(path);
  auto json = nlohmann::json::parse(read_file(path));
  const DnaTokenizer plain = DnaTokenizer::from_json(json.dump(), path);
  json["model"]["fuse_unk"] = true;
  const DnaTokenizer fused = DnaTokenizer::from_json(json.dump(), path);
  const auto examples =
      nlohmann::json::parse(read_file(test_data(GetParam() + std::string("_examples.json"))));
  ASSERT_GE(examples.size(), 50u);
  DnaTokenizer::Scratch scratch;
  for (const auto& example : examples) {
    const auto text = example["text"].get<std::string>();
    std::vector<std::int32_t> ids;
    plain.encode(text, scratch, ids);
    EXPECT_EQ(ids, example["ids"].get<std::vector<std::int32_t>>()) << text;
    ids.clear();
    fused.encode(text, scratch, ids);
    EXPECT_EQ(ids, example["fused"].get<std::vector<std::int32_t>>()) << text << " (fused)";
  }
}

INSTANTIATE_TEST_SUITE_P(, SingleSequences, ::testing::Values("small", "published"),
                         [](const auto& name) { return std::string(name.param); });

}  // namespace
}  // namespace virnucpro::test
