// count_nonfinite on every backend, against the reference.
#include <cmath>

#include "conformance/conformance.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE_WITH_DEVICES(CountNonfiniteTest);

void expect_equal(const ops::NonfiniteCount& actual, const ops::NonfiniteCount& expected,
                  const std::string& what) {
  EXPECT_EQ(actual.nan, expected.nan) << what;
  EXPECT_EQ(actual.infinite, expected.infinite) << what;
  EXPECT_EQ(actual.finite_min, expected.finite_min) << what;
  EXPECT_EQ(actual.finite_max, expected.finite_max) << what;
}

TEST_P(CountNonfiniteTest, CountsEveryPlaceOfEveryWidth) {
  for (const DataType type : activation_types()) {
    for (std::int64_t width = 1; width <= 67; ++width) {
      Grid input = Grid::random(3, width, 4, type);
      for (std::int64_t j = 0; j < width; ++j) {
        if (j % 5 == 0) input.set(0, j, NAN);
        if (j % 7 == 3) input.set(0, j, -INFINITY);
        if (j == width - 1) input.set(2, j, INFINITY);
      }
      std::vector<std::int32_t> actual(3, -1);
      std::vector<std::int32_t> expected(3, -1);
      const auto count = backend->count_nonfinite({input.view(), actual});
      expect_equal(count, judge.count_nonfinite({input.view(), expected}),
                   fmt::format("{} width {}", name_of(type), width));
      EXPECT_EQ(actual, expected) << "width " << width;
    }
  }
}

TEST_P(CountNonfiniteTest, TheRangeKeepsItsSignAndIsZeroWhenNothingIsFinite) {
  Grid input(1, 3);
  input.set(0, 0, 5.0f);
  input.set(0, 1, 3.0f);
  input.set(0, 2, INFINITY);
  expect_equal(backend->count_nonfinite({input.view(), {}}), {0, 1, 3.0f, 5.0f}, "all positive");
  for (std::int64_t j = 0; j < 3; ++j) input.set(0, j, NAN);
  expect_equal(backend->count_nonfinite({input.view(), {}}), {3, 0, 0.0f, 0.0f}, "all NaN");
  const Grid none(0, 3);
  expect_equal(backend->count_nonfinite({none.view(), {}}), {}, "no rows");
}

TEST_P(CountNonfiniteTest, AddsUpOverThreads) {
  Grid input = Grid::random(700, 123, 4);
  for (std::int64_t i = 0; i < 700; i += 3) input.set(i, i % 123, NAN);
  const auto expected = judge.count_nonfinite({input.view(), {}});
  expect_equal(backend->count_nonfinite({input.view(), {}}), expected, "2 threads");
  expect_equal(make(3)->count_nonfinite({input.view(), {}}), expected, "3 threads");
}

TEST_P(CountNonfiniteTest, RefusesTheWrongNumberOfCounters) {
  const Grid input = Grid::random(3, 4, 4);
  std::vector<std::int32_t> rows(2);
  EXPECT_THROW(backend->count_nonfinite({input.view(), rows}), ContractError);
}

}  // namespace
}  // namespace virnucpro
