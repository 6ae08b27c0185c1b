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

/// The embedded bundle, and what the training made of some sequences.
struct MiniBundle {
  MiniBundle() {
    std::ifstream stream(test_data() / "../../models/mini/expected.json");
    expected = nlohmann::json::parse(stream);
    EXPECT_GE(expected["tokens"].size(), 40u);
    EXPECT_GE(expected["pairs"].size(), 20u);
  }

  std::vector<std::int32_t> dna_ids(const std::string& nucleotides) {
    std::vector<std::int32_t> ids;
    tokenizer.encode(nucleotides, scratch, ids);
    return ids;
  }

  /// All pairs as one batch.
  PackedBatch batch(bool protein) {
    PackedBatch made;
    for (const nlohmann::json& pair : expected["pairs"]) {
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
    for (const nlohmann::json& pair : expected["pairs"]) {
      const auto row = pair[name].get<std::vector<float>>();
      values.insert(values.end(), row.begin(), row.end());
    }
    return values;
  }

  nlohmann::json expected;
  const Bundle bundle = embedded_bundle();
  const DnaTokenizer tokenizer = DnaTokenizer::from_json(bundle.tokenizer_json(), "mini");
  DnaTokenizer::Scratch scratch;
};

TEST(EmbeddedBundle, IsWholeAndHasBothLengths) {
  const MiniBundle mini;
  EXPECT_TRUE(mini.bundle.problems().empty());
  EXPECT_EQ(mini.bundle.expected_lengths(), (std::vector<std::int64_t>{300, 500}));
  EXPECT_EQ(mini.bundle.info().name, kEmbeddedBundle);
}

TEST(EmbeddedBundle, TokenizesAsTheTrainingDid) {
  MiniBundle mini;
  for (const nlohmann::json& example : mini.expected["tokens"]) {
    EXPECT_EQ(mini.dna_ids(example["nucleotides"]), example["ids"].get<std::vector<std::int32_t>>())
        << example["nucleotides"];
  }
}

struct BundleLimits {
  Limits embedding;
  double score;
};

/// The stored weights are FP16, so with float32 activations both precisions compute from exactly
/// the same numbers. With float16 activations embeddings differ as in any model; the effect on a
/// score is only guarded.
BundleLimits bundle_limits(const Backend& backend, Precision precision) {
  if (backend.activation_type(precision) == DataType::kFloat32) return {{0.999999, 1e-4}, 1e-4};
  return {limits(precision), 2e-2};
}

VIRNUCPRO_ON_BACKENDS(EmbeddedBundleParity, testing::ValuesIn(cpu_and_gpus()));

TEST_P(EmbeddedBundleParity, EmbedsAndScoresAsTheTrainingDid) {
  MiniBundle mini;
  const std::unique_ptr<Backend> backend = make_backend(GetParam());
  Workspace workspace(*backend);
  for (const Precision precision : {Precision::kFp32, Precision::kFp16}) {
    const std::string what(name_of(precision));
    const auto [embedding, score] = bundle_limits(*backend, precision);
    const DnabertS dnabert_s(mini.bundle.dnabert_s(), precision, *backend);
    const Esm2 esm2(mini.bundle.esm2(), precision, *backend);
    Embeddings dna;
    Embeddings protein;
    dnabert_s.forward(*backend, workspace, pad(mini.batch(false), 3), dna);
    esm2.forward(*backend, workspace, pad(mini.batch(true), 1), protein);
    expect_close(dna, mini.golden("dnabert_s"), embedding.cosine, embedding.difference,
                 what + " dnabert_s");
    expect_close(protein, mini.golden("esm2"), embedding.cosine, embedding.difference,
                 what + " esm2");

    const std::size_t rows = mini.expected["pairs"].size();
    std::vector<float> features;
    for (std::size_t i = 0; i < rows; ++i) {
      for (const Embeddings* part : {&dna, &protein}) {
        const std::span<const float> values = row(*part, i);
        features.insert(features.end(), values.begin(), values.end());
      }
    }
    for (const std::int64_t length : mini.bundle.expected_lengths()) {
      const Classifier classifier(mini.bundle.classifier(length), *backend);
      std::vector<float> scores(2 * rows);
      classifier.predict(*backend, workspace, features, scores);
      for (std::size_t i = 0; i < rows; ++i) {
        const auto wanted = mini.expected["pairs"][i]["scores"][std::to_string(length)];
        EXPECT_NEAR(scores[2 * i], wanted[0].get<float>(), score) << what << " pair " << i;
        EXPECT_NEAR(scores[2 * i + 1], wanted[1].get<float>(), score) << what << " pair " << i;
      }
    }
  }
}

}  // namespace
}  // namespace virnucpro
