// The embedded bundle against what PyTorch makes of the same weights (training/make_expected.py).
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "models/classifier.h"
#include "support/encoder_goldens.h"
#include "tokenizer/dna_tokenizer.h"
#include "weights/embedded_bundle.h"

namespace virnucpro {
namespace {

using namespace testing_support;

class EmbeddedBundle : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream stream(VIRNUCPRO_SOURCE_DIR "/models/mini/expected.json");
    expected_ = nlohmann::json::parse(stream);
    ASSERT_GE(expected_["tokens"].size(), 40u);
    ASSERT_GE(expected_["pairs"].size(), 20u);
  }

  std::vector<std::int32_t> dna_ids(const std::string& nucleotides) {
    std::vector<std::int32_t> ids;
    tokenizer_.encode(nucleotides, scratch_, ids);
    return ids;
  }

  /// All pairs as one batch.
  PackedBatch batch(bool protein) {
    PackedBatch made;
    for (const nlohmann::json& pair : expected_["pairs"]) {
      std::vector<std::int32_t> ids;
      if (protein) {
        encode_protein(pair["protein"].get<std::string>(), ids);
      } else {
        ids = dna_ids(pair["nucleotides"]);
      }
      made.tokens.insert(made.tokens.end(), ids.begin(), ids.end());
      made.cu_seqlens.push_back(static_cast<std::int32_t>(made.tokens.size()));
    }
    return made;
  }

  std::vector<float> golden(const char* name) const {
    std::vector<float> values;
    for (const nlohmann::json& pair : expected_["pairs"]) {
      const auto row = pair[name].get<std::vector<float>>();
      values.insert(values.end(), row.begin(), row.end());
    }
    return values;
  }

  nlohmann::json expected_;
  const Bundle bundle_ = embedded_bundle();
  const DnaTokenizer tokenizer_ = DnaTokenizer::from_json(bundle_.tokenizer_json(), "mini");
  DnaTokenizer::Scratch scratch_;
};

TEST_F(EmbeddedBundle, IsWholeAndHasBothLengths) {
  EXPECT_TRUE(bundle_.problems().empty());
  EXPECT_EQ(bundle_.expected_lengths(), (std::vector<std::int64_t>{300, 500}));
  EXPECT_EQ(bundle_.info().name, kEmbeddedBundle);
}

TEST_F(EmbeddedBundle, TokenizesAsTheTrainingDid) {
  for (const nlohmann::json& example : expected_["tokens"]) {
    EXPECT_EQ(dna_ids(example["nucleotides"]), example["ids"].get<std::vector<std::int32_t>>())
        << example["nucleotides"];
  }
}

TEST_F(EmbeddedBundle, EmbedsAndScoresAsTheTrainingDid) {
  CpuBackend backend(2);
  Workspace workspace(backend);
  // The stored weights are FP16, so both precisions compute from the very same numbers.
  for (const Precision precision : {Precision::kFp32, Precision::kFp16}) {
    const std::string what(name_of(precision));
    const DnabertS dnabert_s(bundle_.dnabert_s(), precision, backend);
    const Esm2 esm2(bundle_.esm2(), precision, backend);
    Embeddings dna;
    Embeddings protein;
    dnabert_s.forward(backend, workspace, pad(batch(false), 3), dna);
    esm2.forward(backend, workspace, pad(batch(true), 1), protein);
    expect_close(dna, golden("dnabert_s"), 0.999999, 1e-4, what + " dnabert_s");
    expect_close(protein, golden("esm2"), 0.999999, 1e-4, what + " esm2");

    const std::size_t rows = expected_["pairs"].size();
    std::vector<float> features;
    for (std::size_t i = 0; i < rows; ++i) {
      for (const Embeddings* part : {&dna, &protein}) {
        const std::span<const float> values = row(*part, i);
        features.insert(features.end(), values.begin(), values.end());
      }
    }
    for (const std::int64_t length : bundle_.expected_lengths()) {
      const Classifier classifier(bundle_.classifier(length), backend);
      std::vector<float> scores(2 * rows);
      classifier.predict(backend, workspace, features, scores);
      for (std::size_t i = 0; i < rows; ++i) {
        const auto wanted = expected_["pairs"][i]["scores"][std::to_string(length)];
        EXPECT_NEAR(scores[2 * i], wanted[0].get<float>(), 1e-4) << what << " pair " << i;
        EXPECT_NEAR(scores[2 * i + 1], wanted[1].get<float>(), 1e-4) << what << " pair " << i;
      }
    }
  }
}

}  // namespace
}  // namespace virnucpro
