// mean_pool on every backend, against the reference.
#include "conformance/conformance.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE_WITH_DEVICES(MeanPoolTest);

// Double sums on both sides; one rounding to float32.
constexpr Tolerance kComputed{1e-9, 1.2e-7};

TEST_P(MeanPoolTest, AgreesForWidthsSkipsAndLimits) {
  const std::vector<std::int32_t> lengths = {1, 2, 3, 40, 7};
  const auto offsets = offsets_of(lengths);
  struct Range {
    std::int64_t front, back, limit;
  };
  for (const DataType type : activation_types()) {
    for (const std::int64_t width : {1, 2, 5, 7, 8, 9, 16, 17, 31, 33, 64, 67, 320}) {
      for (const Range range : {Range{0, 0, 0}, {1, 1, 0}, {1, 1, 4}, {0, 0, 1}, {2, 0, 100}}) {
        const Grid input = Grid::random(offsets.back(), width, 5, type);
        Grid actual(5, width);
        Grid expected(5, width);
        ops::MeanPool op{input.view(), ops::Sequences::packed(ints(offsets)),
                         range.front,  range.back,
                         range.limit,  actual.view()};
        backend->mean_pool(op);
        op.output = expected.view();
        judge.mean_pool(op);
        expect_close(actual, expected, kComputed,
                     fmt::format("{} width {} front {} back {} limit {}", name_of(type), width,
                                 range.front, range.back, range.limit));
      }
    }
  }
}

TEST_P(MeanPoolTest, ASequenceWithNoRowLeftGivesZeros) {
  const std::vector<std::int32_t> offsets = {0, 2, 5};
  const Grid input = Grid::random(5, 9, 5);
  Grid output = Grid::random(2, 9, 6);
  backend->mean_pool({input.view(), ops::Sequences::packed(ints(offsets)), 1, 1, 0, output.view()});
  for (std::int64_t c = 0; c < 9; ++c) {
    EXPECT_EQ(output.at(0, c), 0.0f);
    EXPECT_EQ(output.at(1, c), input.at(3, c));
  }
}

TEST_P(MeanPoolTest, PaddingRowsDoNotCount) {
  const std::vector<std::int32_t> lengths = {2, 3};
  const Grid input = Grid::random(6, 9, 5);
  Grid actual(2, 9);
  Grid expected(2, 9);
  ops::MeanPool op{input.view(), ops::Sequences::padded(ints(lengths), 3), 0, 0, 0, actual.view()};
  backend->mean_pool(op);
  op.output = expected.view();
  judge.mean_pool(op);
  expect_close(actual, expected, kComputed, "padded");
  EXPECT_NEAR(actual.at(0, 0), (input.at(0, 0) + input.at(1, 0)) / 2, 1e-6);
}

TEST_P(MeanPoolTest, RefusesHalfOutputAndNegativeLimits) {
  const std::vector<std::int32_t> offsets = {0, 5};
  const Grid input = Grid::random(5, 8, 5);
  Grid output(1, 8);
  Grid half(1, 8, DataType::kFloat16);
  Grid two(2, 8);
  const ops::MeanPool good{input.view(), ops::Sequences::packed(ints(offsets)), 0, 0, 0,
                           output.view()};
  auto bad = good;
  bad.output = half.view();
  EXPECT_THROW(backend->mean_pool(bad), ContractError);
  bad = good;
  bad.output = two.view();
  EXPECT_THROW(backend->mean_pool(bad), ContractError);
  bad = good;
  bad.skip_front = -1;
  EXPECT_THROW(backend->mean_pool(bad), ContractError);
}

}  // namespace
}  // namespace virnucpro
