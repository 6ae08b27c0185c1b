// convert on every backend: every 16-bit value, and float32 values around every rounding decision.
#include <bit>
#include <cmath>
#include <cstring>

#include "conformance/conformance.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE_WITH_DEVICES(ConvertTest);

/// Equal bits, or NaN in both places: the payload of a NaN is not promised.
void expect_same(const Grid& actual, const Grid& expected, const std::string& what) {
  actual.expect_guards_intact();
  int failures = 0;
  for (std::int64_t i = 0; i < actual.rows() && failures < 5; ++i) {
    for (std::int64_t j = 0; j < actual.columns() && failures < 5; ++j) {
      const float is = actual.at(i, j);
      const float should = expected.at(i, j);
      if (std::isnan(is) && std::isnan(should)) continue;
      if (std::bit_cast<std::uint32_t>(is) == std::bit_cast<std::uint32_t>(should)) continue;
      ADD_FAILURE() << what << ": element [" << i << ", " << j << "] is " << is << ", expected "
                    << should;
      ++failures;
    }
  }
}

void compare(Backend& backend, Backend& judge, const Grid& input, DataType type) {
  Grid actual(input.rows(), input.columns(), type);
  Grid expected(input.rows(), input.columns(), type);
  backend.convert({input.view(), actual.view()});
  judge.convert({input.view(), expected.view()});
  expect_same(actual, expected,
              fmt::format("{} to {}, [{}, {}]", name_of(input.type()), name_of(type), input.rows(),
                          input.columns()));
}

TEST_P(ConvertTest, AgreesOnEverySixteenBitValue) {
  for (const DataType from : {DataType::kFloat16, DataType::kBFloat16}) {
    Grid input(256, 256, from);
    auto* bits = static_cast<std::byte*>(input.view().data);
    for (std::uint32_t value = 0; value < 65536; ++value) {
      const auto half = static_cast<std::uint16_t>(value);
      const std::int64_t at = (value / 256) * input.view().stride + value % 256;
      std::memcpy(bits + 2 * at, &half, 2);
    }
    for (const DataType to : kFloatingTypes) compare(*backend, judge, input, to);
  }
}

TEST_P(ConvertTest, RoundsToNearestEvenAtEveryDecision) {
  // Every float16 and bfloat16 tie lies at the middle of the lower bits: all upper halves with the
  // lower bits just below, at and just above the ties, of either type.
  const std::vector<std::uint32_t> lower = {0x0000, 0x0001, 0x0fff, 0x1000, 0x1001,
                                            0x7fff, 0x8000, 0x8001, 0xffff};
  for (const std::uint32_t low : lower) {
    Grid input(256, 256);
    for (std::uint32_t high = 0; high < 65536; ++high) {
      input.set(high / 256, high % 256, std::bit_cast<float>((high << 16) | low));
    }
    for (const DataType to : kFloatingTypes) compare(*backend, judge, input, to);
  }
}

TEST_P(ConvertTest, AgreesForEveryWidthAndPairOfTypes) {
  for (const DataType from : kFloatingTypes) {
    for (const DataType to : kFloatingTypes) {
      for (std::int64_t width = 0; width <= 67; ++width) {
        compare(*backend, judge, Grid::random(2, width, 8, from), to);
      }
      compare(*backend, judge, Grid(0, 9, from), to);
      compare(*backend, judge, Grid::random(500, 99, 8, from), to);
    }
  }
}

TEST_P(ConvertTest, RefusesIntegersAndOtherShapes) {
  const Grid input = Grid::random(2, 8, 1);
  Grid integers(2, 8, DataType::kInt32);
  Grid other(2, 7);
  EXPECT_THROW(backend->convert({input.view(), integers.view()}), ContractError);
  EXPECT_THROW(backend->convert({input.view(), other.view()}), ContractError);
}

}  // namespace
}  // namespace virnucpro
