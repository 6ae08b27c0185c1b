// gated_gelu on every backend, against the reference.
#include <cmath>

#include "conformance/conformance.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE_WITH_DEVICES(GatedGeluTest);

// gelu is within 7e-7 relative for v > -3, 5e-6 in the far left tail (backend/cpu/math-inl.h).
constexpr Tolerance kComputed{1e-7, 1e-6};

// On cuda, half types take erf from a formula within 1.5e-7: gelu is off by half of |v| times that,
// times the other factor; both reach 9 here.
constexpr Tolerance kWithShortErf{0.5 * 9 * 1.5e-7 * 9, 1e-6};

Tolerance computed_by(const Backend& backend, DataType type) {
  return runs_on_cuda(backend) && type != DataType::kFloat32 ? kWithShortErf : kComputed;
}

TEST_P(GatedGeluTest, AgreesForEveryWidth) {
  for (const DataType type : activation_types()) {
    for (std::int64_t width = 1; width <= 67; ++width) {
      const Grid input = Grid::random(3, 2 * width, 9, type, 2.0f);
      Grid actual(3, width, type);
      Grid expected(3, width, type);
      backend->gated_gelu({input.view(), actual.view()});
      judge.gated_gelu({input.view(), expected.view()});
      expect_close(actual, expected, stored_as(type, computed_by(*backend, type)),
                   fmt::format("{} width {}", name_of(type), width));
    }
  }
}

TEST_P(GatedGeluTest, AgreesAtTheSizesOfTheModelOnAnyThreads) {
  const Grid input = Grid::random(60, 6144, 9);
  Grid actual(60, 3072);
  Grid expected(60, 3072);
  Grid single(60, 3072);
  backend->gated_gelu({input.view(), actual.view()});
  judge.gated_gelu({input.view(), expected.view()});
  make(1)->gated_gelu({input.view(), single.view()});
  expect_close(actual, expected, kComputed, "[60, 6144]");
  expect_close(single, actual, {0, 0}, "1 and 2 threads");
}

TEST_P(GatedGeluTest, ARowHasTheSameBitsAloneInEveryType) {
  for (const DataType type : activation_types()) {
    const Grid input = Grid::random(70, 2 * 200, 9, type);
    Grid together(70, 200, type);
    backend->gated_gelu({input.view(), together.view()});
    for (const auto& [first, count] : {std::pair{0, 1}, {69, 1}, {3, 64}}) {
      const Grid part = input.rows_from(first, count);
      Grid output(count, 200, type);
      backend->gated_gelu({part.view(), output.view()});
      expect_same_rows(output, together, first,
                       fmt::format("{} rows from {}", name_of(type), first));
    }
  }
}

TEST_P(GatedGeluTest, TakesNoRows) {
  const Grid input(0, 16);
  Grid output(0, 8);
  backend->gated_gelu({input.view(), output.view()});
  output.expect_guards_intact();
}

TEST_P(GatedGeluTest, RefusesAWidthThatIsNotHalfTheInputs) {
  const Grid input(2, 16);
  Grid output(2, 9);
  EXPECT_THROW(backend->gated_gelu({input.view(), output.view()}), ContractError);
  Grid rows(3, 8);
  EXPECT_THROW(backend->gated_gelu({input.view(), rows.view()}), ContractError);
}

}  // namespace
}  // namespace virnucpro
