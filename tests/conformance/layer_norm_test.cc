// layer_norm on every backend, against the reference.
#include "conformance/conformance.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE_WITH_DEVICES(LayerNormTest);

// Sums of up to 5120 float32 values in vector lanes: a few units in the last place of values
// around 1, times gamma.
constexpr Tolerance kComputed{4e-6, 4e-6};

struct Arguments {
  Grid input;
  Grid residual;
  std::vector<float> gamma;
  std::vector<float> beta;
};

Arguments make_arguments(std::int64_t rows, std::int64_t width, DataType type) {
  return {Grid::random(rows, width, 1, type, 2.0f), Grid::random(rows, width, 2, type, 2.0f),
          random_values(width, 3), random_values(width, 4)};
}

ops::LayerNorm operation(const Arguments& a, Grid& output, bool with_residual) {
  return {a.input.view(),  with_residual ? a.residual.view() : ConstMatrix{},
          floats(a.gamma), floats(a.beta),
          1e-5f,           output.view()};
}

TEST_P(LayerNormTest, AgreesForEveryWidthWithAndWithoutResidual) {
  for (const DataType type : activation_types()) {
    for (const std::int64_t width : {1,  2,  3,  7,  8,   15,  16,  17,  31,  33,   47,
                                     63, 64, 65, 67, 128, 130, 200, 320, 768, 1280, 2560}) {
      for (const std::int64_t rows : {0, 1, 3, 40}) {
        for (const bool with_residual : {false, true}) {
          const Arguments a = make_arguments(rows, width, type);
          Grid actual(rows, width, type);
          Grid expected(rows, width, type);
          backend->layer_norm(operation(a, actual, with_residual));
          judge.layer_norm(operation(a, expected, with_residual));
          // The variance of one or two values can be anything down to 0: epsilon then divides
          // rounding errors of the mean by 0.003.
          const Tolerance computed = width < 8 ? Tolerance{1e-4, 1e-4} : kComputed;
          expect_close(actual, expected, stored_as(type, computed),
                       fmt::format("{} rows {} width {} residual {}", name_of(type), rows, width,
                                   with_residual));
        }
      }
    }
  }
}

TEST_P(LayerNormTest, StaysAccurateFarFromZero) {
  Arguments a = make_arguments(4, 768, DataType::kFloat32);
  for (std::int64_t i = 0; i < 4; ++i) {
    for (std::int64_t j = 0; j < 768; ++j) a.input.set(i, j, a.input.at(i, j) + 1000.0f);
  }
  Grid actual(4, 768);
  Grid expected(4, 768);
  backend->layer_norm(operation(a, actual, false));
  judge.layer_norm(operation(a, expected, false));
  // The mean, 1000, is known to 6e-5 at best; the deviation is 2.
  expect_close(actual, expected, {2e-4, 2e-4}, "mean 1000, deviation 2");
}

TEST_P(LayerNormTest, OutputMayBeInputOrResidual) {
  for (const DataType type : activation_types()) {
    const Arguments a = make_arguments(5, 67, type);
    Grid expected(5, 67, type);
    backend->layer_norm(operation(a, expected, true));
    Arguments on_input = a;
    ops::LayerNorm op = operation(on_input, expected, true);
    op.output = on_input.input.view();
    backend->layer_norm(op);
    expect_close(on_input.input, expected, {0, 0}, "output is input");
    Arguments on_residual = a;
    op = operation(on_residual, expected, true);
    op.output = on_residual.residual.view();
    backend->layer_norm(op);
    expect_close(on_residual.residual, expected, {0, 0}, "output is residual");
  }
}

TEST_P(LayerNormTest, ARowHasTheSameBitsWhateverItsPositionAndTheThreads) {
  const std::int64_t rows = 150;
  const std::int64_t width = 333;
  const Arguments a = make_arguments(rows, width, DataType::kFloat32);
  Grid together(rows, width);
  backend->layer_norm(operation(a, together, true));
  for (const std::size_t threads : {1, 3}) {
    Grid again(rows, width);
    make(threads)->layer_norm(operation(a, again, true));
    expect_close(again, together, {0, 0}, fmt::format("{} threads", threads));
  }
  for (const std::int64_t row : {0, 1, 77, 149}) {
    const Arguments one = {a.input.rows_from(row, 1), a.residual.rows_from(row, 1), a.gamma,
                           a.beta};
    Grid alone(1, width);
    backend->layer_norm(operation(one, alone, true));
    EXPECT_EQ(alone.row_bytes(0), together.row_bytes(row)) << "row " << row;
  }
}

TEST_P(LayerNormTest, ARowHasTheSameBitsInEveryTypeWhateverTheOthers) {
  for (const DataType type : activation_types()) {
    for (const std::int64_t width : {130, 768, 2560}) {
      if (width > 130 && !is_cuda()) continue;
      const Arguments a = make_arguments(200, width, type);
      for (const bool with_residual : {false, true}) {
        Grid together(200, width, type);
        backend->layer_norm(operation(a, together, with_residual));
        for (const auto& [first, count] : {std::pair{0, 1}, {199, 1}, {5, 7}, {64, 64}, {1, 199}}) {
          const Arguments part = {a.input.rows_from(first, count),
                                  a.residual.rows_from(first, count), a.gamma, a.beta};
          Grid output(count, width, type);
          backend->layer_norm(operation(part, output, with_residual));
          expect_same_rows(output, together, first,
                           fmt::format("{} width {} residual {} rows from {}", name_of(type), width,
                                       with_residual, first));
        }
      }
    }
  }
}

TEST_P(LayerNormTest, NanStaysInItsRow) {
  Arguments a = make_arguments(3, 50, DataType::kFloat32);
  a.input.set(1, 49, NAN);
  Grid output(3, 50);
  backend->layer_norm(operation(a, output, false));
  for (std::int64_t j = 0; j < 50; ++j) {
    EXPECT_FALSE(std::isnan(output.at(0, j)));
    EXPECT_TRUE(std::isnan(output.at(1, j)));
    EXPECT_FALSE(std::isnan(output.at(2, j)));
  }
}

TEST_P(LayerNormTest, RefusesWrongShapesAndTypes) {
  const Arguments a = make_arguments(2, 8, DataType::kFloat32);
  Grid output(2, 8);
  Grid other(3, 8);
  Grid integers(2, 8, DataType::kInt32);
  const ops::LayerNorm good = operation(a, output, true);
  auto bad = good;
  bad.output = other.view();
  EXPECT_THROW(backend->layer_norm(bad), ContractError);
  bad = good;
  bad.residual = other.view();
  EXPECT_THROW(backend->layer_norm(bad), ContractError);
  bad = good;
  bad.gamma.size = 7;
  EXPECT_THROW(backend->layer_norm(bad), ContractError);
  bad = good;
  bad.beta = {};
  EXPECT_THROW(backend->layer_norm(bad), ContractError);
  bad = good;
  bad.epsilon = 0.0f;
  EXPECT_THROW(backend->layer_norm(bad), ContractError);
  bad = good;
  bad.output.stride = 7;
  EXPECT_THROW(backend->layer_norm(bad), ContractError);
  bad = good;
  bad.output = integers.view();
  EXPECT_THROW(backend->layer_norm(bad), ContractError);
  if (!is_cpu()) return;
  Grid half(2, 8, DataType::kFloat16);
  bad = good;
  bad.output = half.view();
  EXPECT_THROW(backend->layer_norm(bad), ContractError);
}

}  // namespace
}  // namespace virnucpro
