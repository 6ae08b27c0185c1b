// Batches in parts and first layers from a table: the same bits as operations over a whole batch.
#include "models/batch_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <stop_token>
#include <string>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "backend/forwarding_backend.h"
#include "backend/reference/reference_backend.h"
#include "base/errors.h"
#include "models/dnabert_s.h"
#include "models/esm2.h"
#include "models/first_layer_table.h"
#include "support/synthetic_weights.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;

ConstInts ints(const std::vector<std::int32_t>& values) {
  return {values.data(), static_cast<std::int64_t>(values.size())};
}

/// Offsets of `count` sequences of `length` tokens.
std::vector<std::int32_t> even_offsets(std::int32_t count, std::int32_t length) {
  std::vector<std::int32_t> offsets;
  for (std::int32_t i = 0; i <= count; ++i) offsets.push_back(i * length);
  return offsets;
}

std::vector<std::int64_t> parts_of(const ops::Sequences& sequences, std::size_t lanes) {
  std::vector<std::int64_t> begins = {7, 7};  // of an earlier batch
  plan_parts(sequences, lanes, begins);
  return begins;
}

TEST(BatchParts, HoldWholeSequencesUpToTheMostTokens) {
  const std::vector<std::int32_t> offsets = even_offsets(100, 200);
  const std::vector<std::int64_t> begins = parts_of(ops::Sequences::packed(ints(offsets)), 2);
  ASSERT_EQ(begins.size(), 51u);  // two of 200 tokens in 512
  for (std::size_t i = 0; i < begins.size(); ++i) {
    EXPECT_EQ(begins[i], static_cast<std::int64_t>(2 * i));
  }
}

TEST(BatchParts, AreFinerInASmallBatchSoThatEveryLaneHasWork) {
  const std::vector<std::int32_t> offsets = even_offsets(16, 100);
  EXPECT_EQ(parts_of(ops::Sequences::packed(ints(offsets)), 1).size(), 5u);  // 400 tokens each
  EXPECT_EQ(parts_of(ops::Sequences::packed(ints(offsets)), 2).size(), 9u);  // 200 tokens each
  const std::vector<std::int32_t> few = even_offsets(4, 20);
  EXPECT_THAT(parts_of(ops::Sequences::packed(ints(few)), 8), ElementsAre(0, 4));
}

TEST(BatchParts, ALongSequenceHasAPartOfItsOwn) {
  const std::vector<std::int32_t> offsets = {0, 10, 5010, 5020, 5030};
  EXPECT_THAT(parts_of(ops::Sequences::packed(ints(offsets)), 1), ElementsAre(0, 1, 2, 4));
}

TEST(BatchParts, CountThePaddingOfPaddedBatches) {
  const std::vector<std::int32_t> lengths = {300, 2, 3, 4};
  EXPECT_THAT(parts_of(ops::Sequences::padded(ints(lengths), 300), 1), ElementsAre(0, 1, 2, 3, 4));
}

TEST(BatchParts, APartHasItsTokensAndOffsetsFromZero) {
  std::vector<std::int32_t> tokens(12);
  std::iota(tokens.begin(), tokens.end(), 0);
  const std::vector<std::int32_t> offsets = {0, 2, 5, 9, 12};
  std::vector<std::int32_t> own = {1, 2, 3};
  const BatchPart packed = part_of(ops::Sequences::packed(ints(offsets)), ints(tokens), 1, 2, own);
  EXPECT_EQ(packed.tokens.size, 7);
  EXPECT_EQ(packed.tokens.data[0], 2);
  ASSERT_EQ(packed.sequences.count(), 2);
  EXPECT_EQ(packed.sequences.begin(1), 3);
  EXPECT_EQ(packed.sequences.length(1), 4);
  const std::vector<std::int32_t> lengths = {4, 1, 2};
  const BatchPart padded =
      part_of(ops::Sequences::padded(ints(lengths), 4), ints(tokens), 1, 2, own);
  EXPECT_EQ(padded.tokens.size, 8);
  EXPECT_EQ(padded.tokens.data[0], 4);
  ASSERT_EQ(padded.sequences.count(), 2);
  EXPECT_EQ(padded.sequences.length(1), 2);
}

TEST(BatchParts, AreForNarrowModelsOnBackendsWithLanes) {
  CpuBackend cpu(2);
  ForwardingBackend watched(&cpu);
  ReferenceBackend reference;
  EXPECT_EQ(cpu.lanes().size(), 2u);
  EXPECT_TRUE(computes_in_parts(128, cpu));
  EXPECT_FALSE(computes_in_parts(320, cpu));
  EXPECT_FALSE(computes_in_parts(128, watched));
  EXPECT_FALSE(computes_in_parts(128, reference));
  EXPECT_THROW(reference.run_on_lanes(1, [](std::size_t, std::size_t) {}), ContractError);
}

/// More tokens than two lanes take in one part each, of lengths from 3 to 219.
PackedBatch mixed_batch() {
  PackedBatch batch;
  for (std::int32_t length = 3; length < 220; length += 8) {
    for (std::int32_t i = 0; i < length; ++i) batch.tokens.push_back(4 + (i * length) % 20);
    batch.cu_seqlens.push_back(static_cast<std::int32_t>(batch.tokens.size()));
  }
  return batch;
}

std::unique_ptr<Encoder> encoder_of(bool is_dna, Precision precision, Backend& backend) {
  if (is_dna) {
    return std::make_unique<DnabertS>(
        testing_support::synthetic_dnabert_s("parts", 2, 64, 4, 96, 32), precision, backend);
  }
  return std::make_unique<Esm2>(testing_support::synthetic_esm2("parts", 2, 64, 4), precision,
                                backend);
}

TEST(BatchParts, GiveTheBitsOfTheWholeBatchForAnyNumberOfLanes) {
  const PackedBatch batch = mixed_batch();
  CpuBackend whole_cpu(1);
  ForwardingBackend whole(&whole_cpu);  // has neither lanes nor tables
  for (const bool is_dna : {false, true}) {
    for (const Precision precision :
         {Precision::kFp16, Precision::kBf16, Precision::kInt8, Precision::kFp32}) {
      const std::unique_ptr<Encoder> model = encoder_of(is_dna, precision, whole);
      const auto embed = [&](const Encoder& encoder, Backend& backend) {
        Workspace workspace(backend);
        Embeddings embeddings;
        for (int i = 0; i < 2; ++i) {
          if (precision == Precision::kFp32) {
            encoder.forward(backend, workspace, pad(batch, 1), embeddings);
          } else {
            encoder.forward_packed(backend, workspace, batch, embeddings);
          }
        }
        EXPECT_FALSE(embeddings.nonfinite.any());
        return embeddings.values;
      };
      const std::vector<float> expected = embed(*model, whole);
      for (const std::size_t threads : {1u, 2u, 3u}) {
        CpuBackend cpu(threads);
        EXPECT_EQ(embed(*encoder_of(is_dna, precision, cpu), cpu), expected)
            << (is_dna ? "DNABERT-S " : "ESM-2 ") << name_of(precision) << ", " << threads
            << " threads";
      }
    }
  }
}

TEST(BatchParts, EndSoonAfterAStop) {
  CpuBackend cpu(2);
  const Esm2 model(testing_support::synthetic_esm2("parts", 2, 64, 4), Precision::kFp16, cpu);
  Workspace workspace(cpu);
  Embeddings embeddings;
  std::stop_source stop;
  stop.request_stop();
  cpu.set_stop(stop.get_token());
  EXPECT_THROW(model.forward_packed(cpu, workspace, mixed_batch(), embeddings), Interrupted);
  cpu.set_stop({});
  model.forward_packed(cpu, workspace, mixed_batch(), embeddings);
  EXPECT_FALSE(embeddings.nonfinite.any());
}

TEST(FirstLayerTable, IsNotMadeWhereItWouldBeLarge) {
  CpuBackend cpu(1);
  int calls = 0;
  const auto compute = [&](ConstInts ids, Matrix stream, Matrix qkv) {
    ++calls;
    EXPECT_EQ(ids.size, 4);
    EXPECT_EQ(stream.columns, 8);
    EXPECT_EQ(qkv.columns, 24);
  };
  EXPECT_TRUE(FirstLayerTable(cpu, DataType::kFloat32, 4, 8, compute).serves(cpu));
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(FirstLayerTable(cpu, DataType::kFloat32, 4096, 768, compute).serves(cpu));
  ReferenceBackend reference;
  EXPECT_FALSE(FirstLayerTable(reference, DataType::kFloat32, 4, 8, compute).serves(reference));
  EXPECT_FALSE(FirstLayerTable().serves(cpu));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace virnucpro
