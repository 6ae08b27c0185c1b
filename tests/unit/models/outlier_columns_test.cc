// Where large inputs are found, and that int8 models without and with them differ as they should.
#include "models/outlier_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "base/errors.h"
#include "models/dnabert_s.h"
#include "models/esm2.h"
#include "support/synthetic_weights.h"

namespace virnucpro {
namespace {

using testing::Contains;
using testing::IsEmpty;

const PackedBatch kBatch{{0, 5, 6, 9, 14, 7, 2, 0, 7, 11, 2}, {0, 7, 11}};
constexpr std::int64_t kWidth = 128;
constexpr std::int32_t kLarge = 77;

/// ESM-2 of two layers whose residual stream is large in one dimension from the first layer on.
Esm2Weights planted() {
  Esm2Weights weights = testing_support::synthetic_esm2("esm2", 2, kWidth, 4);
  TensorSource source("planted");
  for (const std::string& name : weights.tensors.names()) {
    HostTensor tensor = weights.tensors.take_any(name);
    if (name == "layers.0.fc2.bias") {
      std::vector<float> values = to_floats(tensor);
      values[kLarge] = 500.0f;
      tensor = make_float_tensor(tensor.shape, values);
    }
    source.add(name, tensor);
  }
  return make_esm2_weights(weights.config, std::move(source));
}

TEST(OutlierColumns, AreThoseWithTheLargestInputs) {
  CpuBackend backend(1);
  const Esm2 model(planted(), Precision::kFp16, backend);
  const KeptColumns columns = find_outlier_columns(model, backend, kBatch);
  ASSERT_EQ(columns.size(), 8u);  // four dense layers in each of two
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool is_fc2 = i % 4 == 3;
    EXPECT_EQ(columns[i].size(), (is_fc2 ? 4 * kWidth : kWidth) / 64);
    EXPECT_TRUE(std::ranges::is_sorted(columns[i]));
  }
  // Queries, keys and values, and fc1, of the second layer read the stream.
  EXPECT_THAT(columns[4], Contains(kLarge));
  EXPECT_THAT(columns[6], Contains(kLarge));
  EXPECT_EQ(find_outlier_columns(model, backend, kBatch), columns);
}

TEST(OutlierColumns, OfDnabertSAreFourForEachLayer) {
  CpuBackend backend(1);
  const DnabertS model(testing_support::synthetic_dnabert_s("dna", 3, 64, 4, 128, 16),
                       Precision::kBf16, backend);
  EXPECT_EQ(find_outlier_columns(model, backend, kBatch).size(), 12u);
}

TEST(OutlierColumns, AModelTakesThemForAllOfItsLayersOrNone) {
  CpuBackend backend(1);
  const KeptColumns columns = {{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}};
  EXPECT_THAT(LayerColumns(columns, 1, 2)[2], testing::ElementsAre(7));
  EXPECT_THAT(LayerColumns({}, 1, 2)[2], IsEmpty());
  EXPECT_THROW(LayerColumns(columns, 0, 3), ContractError);
  EXPECT_THROW(Esm2(planted(), Precision::kInt8, backend, {{1}, {2}}), ContractError);
  EXPECT_NO_THROW(Esm2(planted(), Precision::kInt8, backend, columns));
  const Esm2 int8(planted(), Precision::kInt8, backend);
  EXPECT_THROW(find_outlier_columns(int8, backend, kBatch), ContractError);
}

}  // namespace
}  // namespace virnucpro
