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

TEST(Float8, EveryValueIsReadAndWrittenBack) {
  for (int bits = 0; bits < 256; ++bits) {
    const Float8E4M3 value{static_cast<std::uint8_t>(bits)};
    if ((bits & 0x7f) == 0x7f) {
      EXPECT_TRUE(std::isnan(to_float(value)));
      continue;
    }
    const int exponent = (bits >> 3) & 15;
    const int mantissa = bits & 7;
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
    EXPECT_EQ(to_float(value), bits < 128 ? magnitude : -magnitude) << bits;
    EXPECT_EQ(to_float8(to_float(value)).bits, bits);
  }
}

TEST(Float8, RoundsToTheNearestAndTiesToEven) {
  for (int bits = 0; bits < 0x7e; ++bits) {
    const auto value_of = [](int b) { return to_float(Float8E4M3{static_cast<std::uint8_t>(b)}); };
    const float middle = (value_of(bits) + value_of(bits + 1)) / 2;
    const int even = bits % 2 == 0 ? bits : bits + 1;
    EXPECT_EQ(to_float8(middle).bits, even);
    EXPECT_EQ(to_float8(-middle).bits, even | 0x80);
    EXPECT_EQ(to_float8(std::nextafter(middle, 0.0f)).bits, bits);
    EXPECT_EQ(to_float8(std::nextafter(middle, 1000.0f)).bits, bits + 1);
  }
  for (const float large : {448.0f, 460.0f, 1e30f, INFINITY}) {
    EXPECT_EQ(to_float8(large).bits, 0x7e);
    EXPECT_EQ(to_float8(-large).bits, 0xfe);
  }
  EXPECT_TRUE(std::isnan(to_float(to_float8(NAN))));
  EXPECT_EQ(to_float8(-0.0f).bits, 0x80);
}

TEST(QuantizeToFloat8, TheLargestMagnitudeBecomes448) {
  for (float largest = kLeastFloat8Magnitude; std::isfinite(largest); largest *= 1.37f) {
    const std::vector<float> row = {largest, -largest, largest / 2, largest / 1e6f};
    std::vector<Float8E4M3> q(row.size(), Float8E4M3{0x55});
    const float scale = quantize_row(row, q);
    EXPECT_EQ(to_float(q[0]), 448.0f) << largest;
    EXPECT_EQ(to_float(q[1]), -448.0f) << largest;
    EXPECT_EQ(to_float(q[2]), 224.0f) << largest;
    EXPECT_EQ(to_float(q[3]), 0.0f) << largest;
    EXPECT_TRUE(std::isnormal(scale)) << largest;
  }
}

TEST(QuantizeToFloat8, RowsWithoutAScaleAreZero) {
  const std::pair<std::vector<float>, float> cases[] = {
      {{0.0f, -0.0f}, 0.0f},
      {{std::nextafter(kLeastFloat8Magnitude, 0.0f), 0.0f}, 0.0f},
      {{1.0f, NAN}, NAN},
      {{-INFINITY, 2.0f}, NAN}};
  for (const auto& [row, expected] : cases) {
    std::vector<Float8E4M3> q(2, Float8E4M3{0x55});
    const float scale = quantize_row(row, q);
    EXPECT_TRUE(scale == expected || (std::isnan(scale) && std::isnan(expected)));
    EXPECT_EQ(q[0].bits, 0);
    EXPECT_EQ(q[1].bits, 0);
  }
}

TEST(QuantizeToFloat8, RowsOfAMatrixHaveTheirOwnScales) {
  const HostTensor matrix =
      make_float_tensor({3, 2}, std::vector<float>{448.0f, 17.0f, 0.0f, 0.0f, -0.5f, 0.25f});
  const QuantizedRows rows = quantize_rows(matrix, DataType::kFloat8E4M3);
  EXPECT_EQ(rows.values.type, DataType::kFloat8E4M3);
  EXPECT_THAT(rows.scales, ElementsAre(1.0f, 0.0f, 0.5f / 448.0f));
  const auto* q = reinterpret_cast<const Float8E4M3*>(rows.values.data);
  EXPECT_EQ(to_float(q[1]), 16.0f);  // a tie between 16 and 18
  EXPECT_EQ(to_float(q[4]), -448.0f);
  EXPECT_THROW(quantize_rows(matrix, DataType::kFloat16), ContractError);
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
