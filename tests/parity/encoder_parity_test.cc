// The encoders and the classifier against float64 goldens from fair-esm and plain PyTorch
// (make_encoder_goldens.py), with the agreement demanded in docs/numerics.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "models/classifier.h"
#include "support/encoder_goldens.h"

namespace virnucpro {
namespace {

using namespace testing_support;

TEST(EncoderParity, ReferenceBackendAgreesWithThePythonOriginals) {
  constexpr Precision kSome[] = {Precision::kFp32, Precision::kFp16, Precision::kInt8};
  check_encoders("encoders", "reference", kSome);
}

TEST(EncoderParity, CpuBackendAgreesWithThePythonOriginals) {
  check_encoders("encoders", "cpu", kPrecisions);
}

TEST(EncoderParity, AnEmbeddingDoesNotDependOnItsNeighbours) {
  CpuBackend backend(2);
  Workspace workspace(backend);
  for (const nlohmann::json& description : read_cases("encoders.json")) {
    if (description["model"] == "classifier") continue;
    for (const Precision precision : {Precision::kFp16, Precision::kInt8}) {
      const Case made = make_case(description, precision, backend);
      Embeddings together;
      made.encoder->forward_packed(backend, workspace, made.batch, together);
      for (std::int64_t i = 0; i < made.batch.sequences(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        PackedBatch alone;
        alone.tokens.assign(made.batch.tokens.begin() + made.batch.cu_seqlens[at],
                            made.batch.tokens.begin() + made.batch.cu_seqlens[at + 1]);
        alone.cu_seqlens.push_back(static_cast<std::int32_t>(alone.tokens.size()));
        Embeddings single;
        made.encoder->forward_packed(backend, workspace, alone, single);
        const std::span<const float> expected = row(together, at);
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(), single.values.begin()))
            << description["name"] << " " << name_of(precision) << " sequence " << i;
      }
    }
  }
}

TEST(EncoderParity, PackedInferenceOfAnFp32ModelFailsAtOnce) {
  ReferenceBackend backend;
  Workspace workspace(backend);
  const Esm2 model(synthetic_esm2("tiny", 1, 8, 2), Precision::kFp32, backend);
  Embeddings embeddings;
  EXPECT_THROW(model.forward_packed(backend, workspace, PackedBatch{{0, 4, 2}, {0, 3}}, embeddings),
               PrecisionError);
  EXPECT_NO_THROW(model.forward(backend, workspace, PaddedBatch{{0, 4, 2}, {3}, 3}, embeddings));
}

TEST(ClassifierParity, AgreesWithTorch) {
  TensorSource goldens = read_safetensors(golden_file("encoders.safetensors"));
  for (const char* backend_name : {"reference", "cpu"}) {
    const std::unique_ptr<Backend> backend = make_backend(backend_name);
    Workspace workspace(*backend);
    TensorSource again = read_safetensors(golden_file("encoders.safetensors"));
    for (const nlohmann::json& description : read_cases("encoders.json")) {
      if (description["model"] != "classifier") continue;
      const std::string name = description["name"];
      const std::int64_t inputs = description["inputs"];
      const std::int64_t rows = description["rows"];
      const Classifier classifier(synthetic_classifier(name, inputs, description["hidden"]),
                                  *backend);
      const std::vector<float> features =
          to_floats(testing_support::synthetic_tensor(name + "/features_embed", {rows, inputs}));
      std::vector<float> scores(static_cast<std::size_t>(rows * 2));
      classifier.predict(*backend, workspace, features, scores);
      const std::vector<float> golden = to_floats(again.take(name, {rows, 2}));
      for (std::size_t i = 0; i < scores.size(); ++i) {
        EXPECT_NEAR(scores[i], golden[i], 1e-5) << backend_name << " " << name << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace virnucpro
