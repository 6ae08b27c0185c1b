// softmax on every backend, against the reference.
#include <cmath>

#include "conformance/conformance.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE_WITH_DEVICES(SoftmaxTest);

// exp is within 1.5e-7, its argument x - max within half a unit of 16 (1e-6), the sum a few 1e-7.
constexpr Tolerance kComputed{1e-30, 3e-6};

TEST_P(SoftmaxTest, AgreesForEveryWidth) {
  for (const DataType type : activation_types()) {
    for (std::int64_t width = 1; width <= 67; ++width) {
      const Grid input = Grid::random(4, width, 9, type, 3.0f);
      Grid actual(4, width, type);
      Grid expected(4, width, type);
      backend->softmax({input.view(), actual.view()});
      judge.softmax({input.view(), expected.view()});
      expect_close(actual, expected, stored_as(type, kComputed),
                   fmt::format("{} width {}", name_of(type), width));
    }
  }
}

TEST_P(SoftmaxTest, OutputMayBeInputAndRowsDoNotDependOnEachOther) {
  Grid input = Grid::random(2000, 21, 9);
  Grid separate(2000, 21);
  backend->softmax({input.view(), separate.view()});
  const Grid row = input.rows_from(1234, 1);
  Grid alone(1, 21);
  backend->softmax({row.view(), alone.view()});
  EXPECT_EQ(alone.row_bytes(0), separate.row_bytes(1234));
  backend->softmax({input.view(), input.view()});
  expect_close(input, separate, {0, 0}, "in place");
}

TEST_P(SoftmaxTest, LargeValuesDoNotOverflowAndNanStaysInItsRow) {
  Grid grid = Grid::random(3, 2, 9);
  grid.set(0, 0, 1e30f);
  grid.set(0, 1, -1e30f);
  grid.set(1, 1, NAN);
  backend->softmax({grid.view(), grid.view()});
  EXPECT_EQ(grid.at(0, 0), 1.0f);
  EXPECT_EQ(grid.at(0, 1), 0.0f);
  EXPECT_TRUE(std::isnan(grid.at(1, 0)));
  EXPECT_TRUE(std::isnan(grid.at(1, 1)));
  EXPECT_NEAR(grid.at(2, 0) + grid.at(2, 1), 1.0f, 1e-6);
}

TEST_P(SoftmaxTest, TakesNoRowsAndRefusesAnotherShape) {
  const Grid none(0, 4);
  Grid output(0, 4);
  backend->softmax({none.view(), output.view()});
  Grid wide(0, 5);
  EXPECT_THROW(backend->softmax({none.view(), wide.view()}), ContractError);
}

}  // namespace
}  // namespace virnucpro
