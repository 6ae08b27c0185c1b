// The encoders and the classifier against float64 goldens from fair-esm and plain PyTorch
// (make_encoder_goldens.py), with the agreement demanded in docs/explanation/numerics.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/errors.h"
#include "models/classifier.h"
#include "support/encoder_goldens.h"

namespace virnucpro {
namespace {

using namespace testing_support;

TEST(EncoderParity, ReferenceBackendAgreesWithThePythonOriginals) {
#ifdef VIRNUCPRO_SANITIZED  // plain loops, many times as slow
  constexpr Precision kSome[] = {Precision::kFp16};
#else
  constexpr Precision kSome[] = {Precision::kFp32, Precision::kFp16, Precision::kInt8,
                                 Precision::kFp8};
#endif
  check_encoders("encoders", "reference", kSome);
}

TEST(EncoderParity, CpuBackendAgreesWithThePythonOriginals) {
  check_encoders("encoders", "cpu", kPrecisions);
}

VIRNUCPRO_ON_BACKENDS(CudaParity, testing::ValuesIn(cuda_names()));

TEST_P(CudaParity, AgreesWithThePythonOriginals) {
  check_encoders("encoders", GetParam(), kPrecisions);
}

/// Sequence `i` of a batch.
PackedBatch one_of(const PackedBatch& batch, std::size_t i) {
  PackedBatch alone;
  alone.tokens.assign(batch.tokens.begin() + batch.cu_seqlens[i],
                      batch.tokens.begin() + batch.cu_seqlens[i + 1]);
  alone.cu_seqlens.push_back(static_cast<std::int32_t>(alone.tokens.size()));
  return alone;
}

/// All sequences of a batch `times` over, the last one first.
PackedBatch repeated_backwards(const PackedBatch& batch, int times) {
  PackedBatch made;
  for (int t = 0; t < times; ++t) {
    for (std::int64_t i = batch.sequences() - 1; i >= 0; --i) {
      const PackedBatch one = one_of(batch, static_cast<std::size_t>(i));
      made.tokens.insert(made.tokens.end(), one.tokens.begin(), one.tokens.end());
      made.cu_seqlens.push_back(static_cast<std::int32_t>(made.tokens.size()));
    }
  }
  return made;
}

bool same_row(const Embeddings& a, std::size_t i, const Embeddings& b, std::size_t j) {
  return std::ranges::equal(row(a, i), row(b, j));
}

VIRNUCPRO_ON_BACKENDS(NeighbourParity, testing::ValuesIn(cpu_and_gpus()));

TEST_P(NeighbourParity, AnEmbeddingDoesNotDependOnItsNeighbours) {
  const std::unique_ptr<Backend> backend = make_backend(GetParam());
  Workspace workspace(*backend);
  for (const nlohmann::json& description : read_cases("encoders.json")) {
    if (description["model"] == "classifier") continue;
    for (const Precision precision :
         {Precision::kFp16, Precision::kBf16, Precision::kInt8, Precision::kFp8}) {
      if (!backend->offers(precision)) continue;
      const std::string what =
          description["name"].get<std::string>() + " " + std::string(name_of(precision));
      const Case made = make_case(description, precision, *backend);
      Embeddings together;
      made.encoder->forward_packed(*backend, workspace, made.batch, together);
      const auto count = static_cast<std::size_t>(made.batch.sequences());
      for (std::size_t i = 0; i < count; ++i) {
        Embeddings single;
        made.encoder->forward_packed(*backend, workspace, one_of(made.batch, i), single);
        EXPECT_TRUE(same_row(together, i, single, 0)) << what << " sequence " << i << " alone";
      }
      constexpr int kTimes = 3;
      Embeddings many;
      made.encoder->forward_packed(*backend, workspace, repeated_backwards(made.batch, kTimes),
                                   many);
      for (std::size_t i = 0; i < count * kTimes; ++i) {
        EXPECT_TRUE(same_row(together, count - 1 - i % count, many, i))
            << what << " place " << i << " of a large batch";
      }
    }
  }
}

TEST_P(NeighbourParity, OnePreparedModelServesSeveralContextsAtTheSameTime) {
  const std::unique_ptr<Backend> owner = make_backend(GetParam());
  for (const nlohmann::json& description : read_cases("encoders.json")) {
    if (description["model"] == "classifier") continue;
    const Case made = make_case(description, Precision::kFp16, *owner);
    Workspace workspace(*owner);
    Embeddings expected;
    made.encoder->forward_packed(*owner, workspace, made.batch, expected);
    const auto embed = [&made, name = GetParam()] {
      const std::unique_ptr<Backend> own = make_backend(name);
      Workspace own_workspace(*own);
      Embeddings result;
      for (int i = 0; i < 5; ++i) {
        made.encoder->forward_packed(*own, own_workspace, made.batch, result);
      }
      return result.values;
    };
    std::vector<std::future<std::vector<float>>> results;
    for (int i = 0; i < 3; ++i) results.push_back(std::async(std::launch::async, embed));
    for (auto& result : results) EXPECT_EQ(result.get(), expected.values) << description["name"];
  }
}

TEST(EncoderParity, TheHostTouchesNoMemoryOfTheDevice) {
  // The memory of this backend faults when it is touched outside an operation.
  const std::unique_ptr<Backend> device = make_backend("device");
  const std::unique_ptr<Backend> host = make_backend("cpu");
  Workspace there(*device);
  Workspace here(*host);
  for (const nlohmann::json& description : read_cases("encoders.json")) {
    if (description["model"] == "classifier") continue;
    for (const Precision precision : {Precision::kFp16, Precision::kFp32}) {
      const Case on_device = make_case(description, precision, *device);
      const Case on_host = make_case(description, precision, *host);
      const PaddedBatch batch = pad(on_host.batch, on_host.padding);
      Embeddings actual;
      Embeddings expected;
      on_device.encoder->forward(*device, there, batch, actual);
      on_host.encoder->forward(*host, here, batch, expected);
      EXPECT_EQ(actual.values, expected.values) << description["name"];
      if (precision == Precision::kFp32) continue;
      on_device.encoder->forward_packed(*device, there, on_device.batch, actual);
      on_host.encoder->forward_packed(*host, here, on_host.batch, expected);
      EXPECT_EQ(actual.values, expected.values) << description["name"] << " packed";
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

std::vector<std::string> all_backends() {
  std::vector<std::string> names = cuda_names();
  names.insert(names.begin(), {"reference", "cpu", "device"});
  return names;
}

VIRNUCPRO_ON_BACKENDS(ClassifierParity, testing::ValuesIn(all_backends()));

TEST_P(ClassifierParity, AgreesWithTorch) {
  TensorSource goldens = read_safetensors(golden_file("encoders.safetensors"));
  const std::unique_ptr<Backend> backend = make_backend(GetParam());
  Workspace workspace(*backend);
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
    const std::vector<float> golden = to_floats(goldens.take(name, {rows, 2}));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      EXPECT_NEAR(scores[i], golden[i], 1e-5) << name << " " << i;
    }
  }
}

}  // namespace
}  // namespace virnucpro
