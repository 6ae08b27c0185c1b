// ALiBi slopes, the NaN/Inf check, and errors of the encoders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"
#include "base/errors.h"
#include "models/classifier.h"
#include "models/dnabert_s.h"
#include "models/esm2.h"
#include "models/finite_check.h"
#include "support/synthetic_weights.h"

namespace virnucpro {
namespace {

using testing_support::synthetic_esm2;

TEST(AlibiSlopes, FollowThePublishedRuleForAnyHeadCount) {
  EXPECT_THAT(alibi_slopes(1), testing::ElementsAre(testing::FloatEq(std::exp2(-8.0f))));
  EXPECT_THAT(alibi_slopes(2), testing::ElementsAre(0x1p-4f, 0x1p-8f));
  EXPECT_THAT(alibi_slopes(3), testing::ElementsAre(0x1p-4f, 0x1p-8f, 0x1p-2f));
  const std::vector<float> twelve = alibi_slopes(12);
  ASSERT_EQ(twelve.size(), 12u);
  EXPECT_FLOAT_EQ(twelve[0], 0.5f);
  EXPECT_FLOAT_EQ(twelve[7], 0x1p-8f);
  // The 1st, 3rd, 5th and 7th of the sixteen-head series.
  for (int i = 0; i < 4; ++i) {
    EXPECT_FLOAT_EQ(twelve[static_cast<std::size_t>(8 + i)], std::exp2(-0.5f * (2.0f * i + 1)));
  }
}

TEST(FiniteCheck, NamesTheSequencesTheCountsAndTheWayOut) {
  ReferenceBackend backend;
  Workspace workspace(backend);
  // A bias beyond FP16's range in the last norm makes every embedding infinite.
  Esm2Weights weights = synthetic_esm2("finite", 1, 8, 2);
  TensorSource broken("finite");
  for (const std::string& name : weights.tensors.names()) {
    HostTensor tensor = weights.tensors.take_any(name);
    if (name == "layers.0.fc2.bias") {
      std::vector<float> values = to_floats(tensor);
      values[3] = std::numeric_limits<float>::infinity();
      tensor = make_float_tensor(tensor.shape, values);
    }
    broken.add(name, tensor);
  }
  const Esm2 model(make_esm2_weights(weights.config, std::move(broken)), Precision::kFp16, backend);
  Embeddings embeddings;
  model.forward_packed(backend, workspace, PackedBatch{{0, 4, 2, 0, 5, 6, 2}, {0, 3, 7}},
                       embeddings);
  EXPECT_TRUE(embeddings.nonfinite.any());
  const std::string ids[] = {"first", "second"};
  try {
    require_finite(model, 12, ids, embeddings);
    FAIL();
  } catch (const PrecisionError& error) {
    const std::string text = error.what();
    EXPECT_THAT(text, testing::HasSubstr("ESM-2"));
    EXPECT_THAT(text, testing::HasSubstr("batch 12"));
    EXPECT_THAT(text, testing::HasSubstr("'first' (8 values), 'second' (8 values)"));
    EXPECT_THAT(text, testing::HasSubstr("VIRNUCPRO_DISABLE_FP16=1"));
  }
}

TEST(FiniteCheck, IsSilentWhenAllIsFinite) {
  ReferenceBackend backend;
  Workspace workspace(backend);
  const Esm2 model(synthetic_esm2("finite", 1, 8, 2), Precision::kFp16, backend);
  Embeddings embeddings;
  model.forward_packed(backend, workspace, PackedBatch{{0, 4, 2}, {0, 3}}, embeddings);
  EXPECT_NO_THROW(require_finite(model, 0, {}, embeddings));
}

TEST(Encoder, AnEmptyBatchGivesNoEmbeddings) {
  ReferenceBackend backend;
  Workspace workspace(backend);
  const Esm2 model(synthetic_esm2("tiny", 1, 8, 2), Precision::kFp16, backend);
  Embeddings embeddings;
  model.forward_packed(backend, workspace, PackedBatch{}, embeddings);
  EXPECT_TRUE(embeddings.values.empty());
}

TEST(Encoder, TheSameModelGivesTheSameBytesWithAnyNumberOfThreads) {
  CpuBackend one(1);
  CpuBackend three(3);
  const Esm2 model(synthetic_esm2("threads", 2, 96, 6), Precision::kFp16, one);
  PackedBatch batch;
  for (std::int32_t length = 3; length < 120; length += 7) {
    for (std::int32_t i = 0; i < length; ++i) batch.tokens.push_back(4 + (i * length) % 20);
    batch.cu_seqlens.push_back(static_cast<std::int32_t>(batch.tokens.size()));
  }
  Workspace first(one);
  Workspace second(three);
  Embeddings a;
  Embeddings b;
  model.forward_packed(one, first, batch, a);
  model.forward_packed(three, second, batch, b);
  EXPECT_EQ(a.values, b.values);
}

TEST(Encoder, ATokenOutsideTheVocabularyIsAContractError) {
  ReferenceBackend backend;
  Workspace workspace(backend);
  const Esm2 model(synthetic_esm2("tiny", 1, 8, 2), Precision::kFp16, backend);
  Embeddings embeddings;
  EXPECT_THROW(
      model.forward_packed(backend, workspace, PackedBatch{{0, 33, 2}, {0, 3}}, embeddings),
      ContractError);
}

}  // namespace
}  // namespace virnucpro
