// The rounding of rows to 8 bits, as tensor/quantize.h defines it.
#include "tensor/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/errors.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;

struct Quantized {
  std::vector<int> values;
  float scale;
};

Quantized quantize(const std::vector<float>& row) {
  std::vector<std::int8_t> values(row.size(), std::int8_t{55});
  const float scale = quantize_row(row, values);
  return {{values.begin(), values.end()}, scale};
}

TEST(Quantize, TheLargestMagnitudeBecomes127OnEitherSide) {
  const Quantized positive = quantize({254.0f, -2.0f, 0.0f, 3.9f});
  EXPECT_THAT(positive.values, ElementsAre(127, -1, 0, 2));
  EXPECT_EQ(positive.scale, 2.0f);
  EXPECT_THAT(quantize({-254.0f, 100.0f}).values, ElementsAre(-127, 50));
}

TEST(Quantize, TiesGoToTheEvenNeighbour) {
  EXPECT_THAT(quantize({127.0f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 126.5f}).values,
              ElementsAre(127, 0, 2, 2, 0, -2, -2, 126));
  // The float32 below 0.5: adding 0.5 to it would round up to 1.
  EXPECT_THAT(quantize({127.0f, std::nextafter(0.5f, 0.0f)}).values, ElementsAre(127, 0));
}

TEST(Quantize, StaysWithinTheLimitForEveryMagnitude) {
  for (float largest = kLeastQuantizedMagnitude; std::isfinite(largest); largest *= 1.37f) {
    const Quantized row = quantize({largest, -largest, largest / 2});
    EXPECT_EQ(row.values[0], 127) << largest;
    EXPECT_EQ(row.values[1], -127) << largest;
    EXPECT_TRUE(row.values[2] == 63 || row.values[2] == 64) << largest;
    EXPECT_TRUE(std::isnormal(row.scale)) << largest;
  }
  EXPECT_THAT(quantize({std::numeric_limits<float>::max(), 0.0f}).values, ElementsAre(127, 0));
}

TEST(Quantize, ARowOfZerosOrNearlySoIsZero) {
  const float below = std::nextafter(kLeastQuantizedMagnitude, 0.0f);
  for (const std::vector<float>& row :
       {std::vector<float>{0.0f, -0.0f}, {below, -below}, {1e-45f, 0.0f}}) {
    const Quantized result = quantize(row);
    EXPECT_THAT(result.values, ElementsAre(0, 0));
    EXPECT_EQ(result.scale, 0.0f);
  }
  EXPECT_EQ(quantize({}).scale, 0.0f);
}

TEST(Quantize, NanOrInfinityMakesTheScaleNan) {
  for (const float bad : {NAN, -NAN, INFINITY, -INFINITY}) {
    for (std::size_t at = 0; at < 3; ++at) {
      std::vector<float> row = {1.0f, 2.0f, 3.0f};
      row[at] = bad;
      const Quantized result = quantize(row);
      EXPECT_THAT(result.values, ElementsAre(0, 0, 0));
      EXPECT_TRUE(std::isnan(result.scale));
    }
  }
}

TEST(Quantize, RowsOfAMatrixHaveTheirOwnScales) {
  const HostTensor matrix =
      make_float_tensor({3, 2}, std::vector<float>{127.0f, 1.0f, 0.0f, 0.0f, -0.5f, 0.25f});
  for (const DataType type : {DataType::kFloat32, DataType::kFloat16, DataType::kBFloat16}) {
    const QuantizedRows rows = quantize_rows(convert(matrix, type));
    EXPECT_EQ(rows.values.type, DataType::kInt8);
    EXPECT_EQ(rows.values.shape, matrix.shape);
    const auto* q = reinterpret_cast<const std::int8_t*>(rows.values.data);
    EXPECT_THAT(std::vector<int>(q, q + 6), ElementsAre(127, 1, 0, 0, -127, 64)) << name_of(type);
    EXPECT_THAT(rows.scales, ElementsAre(1.0f, 0.0f, 0.5f / 127.0f)) << name_of(type);
  }
}

TEST(Quantize, RefusesWhatIsNoFloatingMatrix) {
  const HostTensor vector = make_float_tensor({3}, std::vector<float>{1, 2, 3});
  EXPECT_THROW(quantize_rows(vector), ContractError);
  const QuantizedRows rows = quantize_rows(make_float_tensor({1, 1}, std::vector<float>{1}));
  EXPECT_THROW(quantize_rows(rows.values), ContractError);
  std::vector<std::int8_t> short_of_one(2);
  EXPECT_THROW(quantize_row(std::vector<float>{1, 2, 3}, short_of_one), ContractError);
}

}  // namespace
}  // namespace virnucpro
