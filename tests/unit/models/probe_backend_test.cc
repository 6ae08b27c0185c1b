// The probe finds planted values: in which layer, operation and sequence, packed and padded.
#include "backend/probe_backend.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"
#include "models/dnabert_s.h"
#include "models/esm2.h"
#include "support/synthetic_weights.h"

namespace virnucpro {
namespace {

constexpr float kBeyondHalf = 1e5f;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// ESM-2 with the first element of one tensor, or of one of its rows, replaced.
Esm2Weights planted_esm2(const std::string& name, float value, std::int64_t row = 0) {
  Esm2Weights weights = testing_support::synthetic_esm2("probe", 2, 16, 2);
  TensorSource changed("probe");
  for (const std::string& each : weights.tensors.names()) {
    HostTensor tensor = weights.tensors.take_any(each);
    if (each == name) {
      std::vector<float> values = to_floats(tensor);
      const std::int64_t width = tensor.shape.elements() / tensor.shape[0];
      values[static_cast<std::size_t>(row * width)] = value;
      tensor = make_float_tensor(tensor.shape, values);
    }
    changed.add(each, tensor);
  }
  return make_esm2_weights(weights.config, std::move(changed));
}

// The lengths differ, so that the padded batch has padding.
const PackedBatch kProbedBatch{{0, 5, 6, 7, 8, 2, 0, 9, 2}, {0, 6, 9}};
const PaddedBatch kPadded = pad(kProbedBatch, 1);

struct Probed {
  std::vector<ProbedOperation> operations;
  std::vector<std::int32_t> first;
  Embeddings embeddings;

  std::string first_of(std::size_t sequence) const {
    if (first[sequence] < 0) return "none";
    const ProbedOperation& found = operations[static_cast<std::size_t>(first[sequence])];
    return std::string(found.layer.part) + " " + std::to_string(found.layer.number) + ": " +
           std::string(found.name) + " " + std::to_string(found.occurrence);
  }
};

Probed probed(const Encoder& encoder, Backend& backend, bool packed) {
  ProbeBackend probe(&backend);
  Workspace workspace(probe);
  Probed result;
  if (packed) {
    probe.begin(
        ops::Sequences::packed({kProbedBatch.cu_seqlens.data(),
                                static_cast<std::int64_t>(kProbedBatch.cu_seqlens.size())}));
    encoder.forward_packed(probe, workspace, kProbedBatch, result.embeddings);
  } else {
    probe.begin(
        ops::Sequences::padded({kPadded.lengths.data(), kPadded.sequences()}, kPadded.length));
    encoder.forward(probe, workspace, kPadded, result.embeddings);
  }
  result.operations = probe.operations();
  result.first.assign(probe.first_nonfinite().begin(), probe.first_nonfinite().end());
  return result;
}

TEST(ProbeBackend, NamesEveryOperationOfEveryLayerOnceAndChangesNoResult) {
  CpuBackend cpu(1);
  const Esm2 esm2(planted_esm2("", 0), Precision::kFp16, cpu);
  Workspace workspace(cpu);
  Embeddings plain;
  esm2.forward_packed(cpu, workspace, kProbedBatch, plain);
  const Probed packed = probed(esm2, cpu, true);
  EXPECT_EQ(packed.embeddings.values, plain.values);
  std::string layer_1;
  for (const ProbedOperation& operation : packed.operations) {
    EXPECT_GT(operation.largest, 0.0f);
    EXPECT_EQ(operation.nonfinite(), 0);
    if (operation.layer == LayerMark{"layer", 1}) {
      layer_1 += std::string(operation.name) + std::to_string(operation.occurrence) + " ";
    }
  }
  EXPECT_EQ(layer_1, "layer_norm1 linear1 attention1 linear2 layer_norm2 linear3 linear4 ");
  EXPECT_EQ(packed.operations.front().layer, LayerMark{"embedding"});
  EXPECT_EQ(packed.operations.back().layer, LayerMark{"pooling"});
  EXPECT_EQ(packed.first_of(0), "none");
  EXPECT_EQ(probed(esm2, cpu, false).operations.size(), packed.operations.size());
}

TEST(ProbeBackend, FindsTheLayerWhereAWeightBeyondHalfBecomesInfinite) {
  CpuBackend cpu(1);
  for (const auto& [tensor, expected] :
       {std::pair{"layers.1.self_attn.out_proj.weight", "layer 1: linear 2"},
        std::pair{"layers.0.fc1.weight", "layer 0: linear 3"}}) {
    const Esm2 half(planted_esm2(tensor, kBeyondHalf), Precision::kFp16, cpu);
    const Esm2 exact(planted_esm2(tensor, kBeyondHalf), Precision::kFp32, cpu);
    for (const bool packed : {true, false}) {
      const Probed result = probed(half, cpu, packed);
      EXPECT_EQ(result.first_of(0), expected) << packed;
      EXPECT_EQ(result.first_of(1), expected) << packed;
      EXPECT_TRUE(result.embeddings.nonfinite.any());
    }
    const Probed finite = probed(exact, cpu, false);
    EXPECT_EQ(finite.first_of(0), "none");
    EXPECT_FALSE(finite.embeddings.nonfinite.any());
  }
}

TEST(ProbeBackend, KnowsWhichSequenceOfABatchIsToBlame) {
  CpuBackend cpu(1);
  // Token 9 is in the second sequence only.
  const Esm2 half(planted_esm2("embed_tokens.weight", kBeyondHalf, 9), Precision::kFp16, cpu);
  const Esm2 exact(planted_esm2("embed_tokens.weight", kBeyondHalf, 9), Precision::kFp32, cpu);
  for (const bool packed : {true, false}) {
    const Probed result = probed(half, cpu, packed);
    EXPECT_EQ(result.first_of(0), "none");
    EXPECT_EQ(result.first_of(1), "embedding 0: embedding_lookup 1");
    EXPECT_EQ(result.operations.front().infinite, 1);
    EXPECT_EQ(result.operations.front().nan, 0);
  }
  const Probed finite = probed(exact, cpu, false);
  EXPECT_FLOAT_EQ(finite.operations.front().largest, 0.88f * kBeyondHalf);
  EXPECT_EQ(finite.operations.front().largest_sequence, 1);
}

TEST(ProbeBackend, PaddingIsNotLookedAt) {
  CpuBackend cpu(1);
  // Token 1 stands in the padding alone.
  const Esm2 half(planted_esm2("embed_tokens.weight", kBeyondHalf, 1), Precision::kFp16, cpu);
  const Probed result = probed(half, cpu, false);
  for (const ProbedOperation& operation : result.operations) EXPECT_EQ(operation.nonfinite(), 0);
  EXPECT_FALSE(result.embeddings.nonfinite.any());
}

TEST(ProbeBackend, SeesStridedOutputsOfEveryTypeAndNothingBesideThem) {
  ReferenceBackend reference;
  ProbeBackend probe(&reference);
  const std::vector<std::int32_t> offsets = {0, 2, 3};
  const std::vector<float> values = {1.0f, -7.5f, 0.5f, kNaN, -kInfinity, 2.0f};
  for (const DataType type : {DataType::kFloat32, DataType::kFloat16, DataType::kBFloat16}) {
    // Rows of 2 with a stride of 3; what lies between is NaN in every type.
    std::vector<std::byte> output(3 * 3 * size_of(type), std::byte{0xff});
    probe.begin(ops::Sequences::packed({offsets.data(), 3}));
    probe.enter_layer({"layer", 4});
    probe.convert({.input = {values.data(), DataType::kFloat32, 3, 2, 2},
                   .output = {output.data(), type, 3, 2, 3}});
    ASSERT_EQ(probe.operations().size(), 1u);
    const ProbedOperation& seen = probe.operations().front();
    EXPECT_EQ(seen.layer, (LayerMark{"layer", 4}));
    EXPECT_EQ(seen.nan, 1) << name_of(type);
    EXPECT_EQ(seen.infinite, 1) << name_of(type);
    EXPECT_EQ(seen.largest, 7.5f) << name_of(type);
    EXPECT_EQ(seen.largest_sequence, 0);
    EXPECT_EQ(probe.first_nonfinite()[0], 0);
    EXPECT_EQ(probe.first_nonfinite()[1], 0);
  }
}

TEST(ProbeBackend, ADnabertLayerHasItsOwnOperations) {
  CpuBackend cpu(1);
  const DnabertS dna(testing_support::synthetic_dnabert_s("dna", 1, 32, 4, 64, 16),
                     Precision::kInt8, cpu);
  std::string names;
  for (const ProbedOperation& operation : probed(dna, cpu, true).operations) {
    names += std::string(operation.name) + " ";
  }
  EXPECT_EQ(names,
            "embedding_lookup layer_norm linear attention linear layer_norm linear gated_gelu "
            "linear layer_norm mean_pool ");
}

}  // namespace
}  // namespace virnucpro
