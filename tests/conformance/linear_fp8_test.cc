// linear with weights of 8-bit floats, and the operations that write 8-bit activations: the
// reference against a loop written from the contract (ops/linear.h), backends that offer fp8
// against the reference, and activations quantised on the way against those quantised afterwards.
#include <cmath>
#include <cstdint>

#include "conformance/conformance.h"
#include "conformance/linear_shapes.h"
#include "tensor/host_tensor.h"
#include "tensor/quantize.h"

namespace virnucpro {
namespace {

constexpr DataType kFloat8 = DataType::kFloat8E4M3;

/// Tests of what a subject without fp8 cannot do; that it says so is a test of its own.
class Fp8 : public Conformance {
 protected:
  void SetUp() override {
    Conformance::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!backend->offers(Precision::kFp8)) GTEST_SKIP() << GetParam().name << " has no fp8";
  }
};
class LinearFp8Test : public Fp8 {};
class QuantizedActivationsTest : public Fp8 {};
VIRNUCPRO_CONFORMANCE(Fp8RefusalTest);
INSTANTIATE_TEST_SUITE_P(Backends, LinearFp8Test, testing::ValuesIn(subjects()),
                         [](const auto& subject) { return subject.param.name; });
INSTANTIATE_TEST_SUITE_P(Backends, QuantizedActivationsTest, testing::ValuesIn(subjects()),
                         [](const auto& subject) { return subject.param.name; });

struct Problem {
  std::int64_t m, k, n;
  ops::Activation activation = ops::Activation::kNone;
  bool bias = true;
  bool residual = false;
  std::int64_t gap = 3;  ///< 0: rows without gaps, as models have them
};

std::string describe(const Problem& p, DataType type) {
  return fmt::format("m {} k {} n {} gap {} activation {} bias {} residual {}, {}", p.m, p.k, p.n,
                     p.gap, static_cast<int>(p.activation), p.bias, p.residual, name_of(type));
}

HostTensor random_weight(std::int64_t n, std::int64_t k) {
  // Deviation 1 / sqrt(k): results around 1, as in the encoders.
  const float deviation = 1.0f / std::sqrt(static_cast<float>(k));
  return make_float_tensor({n, k}, random_values(n * k, 4, deviation));
}

struct Arguments {
  Arguments(const Problem& p, DataType type)
      : input(Grid::random(p.m, p.k, 1, type, 1.0f, p.gap)),
        residual(Grid::random(p.m, p.n, 2, type, 1.0f, p.gap)),
        bias(random_values(p.n, 3)),
        weight(random_weight(p.n, p.k)) {}

  ops::Linear operation(const Problem& p, const ops::LinearWeight& prepared, Grid& output) const {
    ops::Linear op;
    op.input = input.view();
    op.weight = &prepared;
    if (p.bias) op.bias = floats(bias);
    op.activation = p.activation;
    if (p.residual) op.residual = residual.view();
    op.output = output.view();
    return op;
  }

  Grid input;
  Grid residual;
  std::vector<float> bias;
  HostTensor weight;
};

/// 8-bit rows in the memory that the tests see.
class QuantizedGrid {
 public:
  QuantizedGrid(std::int64_t rows, std::int64_t columns, std::int64_t gap)
      : rows_(rows),
        columns_(columns),
        stride_(columns + gap),
        values_(static_cast<std::size_t>(rows * stride_), std::uint8_t{0x5a}),
        scales_(static_cast<std::size_t>(rows), -1.0f) {}

  QuantizedMatrix view() {
    return {{values_.data(), kFloat8, rows_, columns_, stride_}, scales_.data()};
  }
  ConstFloats scales() const { return floats(scales_); }
  float scale(std::int64_t row) const { return scales_[static_cast<std::size_t>(row)]; }
  std::uint8_t at(std::int64_t row, std::int64_t column) const {
    return values_[static_cast<std::size_t>(row * stride_ + column)];
  }
  /// Rows of `grid` by the definition.
  static QuantizedGrid of(const Grid& grid, std::int64_t gap) {
    QuantizedGrid made(grid.rows(), grid.columns(), gap);
    std::vector<float> row(static_cast<std::size_t>(grid.columns()));
    std::vector<Float8E4M3> q(row.size());
    for (std::int64_t i = 0; i < grid.rows(); ++i) {
      for (std::size_t j = 0; j < row.size(); ++j) {
        row[j] = grid.at(i, static_cast<std::int64_t>(j));
      }
      made.scales_[static_cast<std::size_t>(i)] = quantize_row(row, q);
      for (std::size_t j = 0; j < row.size(); ++j) {
        made.values_[static_cast<std::size_t>(i * made.stride_) + j] = q[j].bits;
      }
    }
    return made;
  }
  void expect_same(const QuantizedGrid& other, const std::string& what) const {
    std::int64_t different = 0;
    for (std::int64_t i = 0; i < rows_; ++i) {
      const bool both_nan = std::isnan(scale(i)) && std::isnan(other.scale(i));
      if (!both_nan && scale(i) != other.scale(i)) ++different;
      for (std::int64_t j = 0; j < columns_; ++j) {
        // Zeros may have either sign.
        if (at(i, j) != other.at(i, j) && ((at(i, j) | other.at(i, j)) & 0x7f) != 0) ++different;
      }
    }
    EXPECT_EQ(different, 0) << "scales and values of " << rows_ << " rows, " << what;
  }

 private:
  std::int64_t rows_, columns_, stride_;
  std::vector<std::uint8_t> values_;
  std::vector<float> scales_;
};

/// Inputs and weights are rounded to the same bits on both sides. Products of 8-bit floats are
/// summed by tensor cores, which keep about 14 bits of a partial sum and cut off the rest: 2^-13 of
/// sums up to 8, on the way to results of 1 from 3328 inputs, a hundred times.
constexpr Tolerance kTensorCores{2e-2, 2e-3};
/// The same sums in double on both sides.
constexpr Tolerance kReference{0, 0};

void compare(Backend& backend, Backend& judge, const Problem& p, DataType type) {
  const Arguments a(p, type);
  const auto prepared = backend.prepare_linear(a.weight, kFloat8);
  const auto expected_weight = judge.prepare_linear(a.weight, kFloat8);
  EXPECT_EQ(prepared->outputs(), p.n);
  EXPECT_EQ(prepared->inputs(), p.k);
  EXPECT_EQ(prepared->type(), kFloat8);
  Grid actual(p.m, p.n, type, p.gap);
  Grid expected(p.m, p.n, type, p.gap);
  backend.linear(a.operation(p, *prepared, actual));
  judge.linear(a.operation(p, *expected_weight, expected));
  actual.expect_guards_intact();
  Tolerance tolerance = runs_on_cuda(backend) ? kTensorCores : kReference;
  if (runs_on_cuda(backend) && type != DataType::kFloat32) {
    // Sum, bias and residual may be rounded one after the other, as with 16-bit weights.
    tolerance.absolute += 8.0 * (type == DataType::kFloat16 ? 0x1p-11 : 0x1p-8);
  }
  expect_close(actual, expected, stored_as(type, tolerance), describe(p, type));
}

TEST(LinearFp8Reference, IsTheDoubleLoopOfTheContract) {
  ReferenceBackend judge;
  for (const auto& [m, k, n] : {std::tuple{1, 1, 1}, {3, 5, 2}, {9, 64, 33}, {4, 1280, 7}}) {
    const Problem p{m, k, n};
    const Arguments a(p, DataType::kFloat32);
    const auto prepared = judge.prepare_linear(a.weight, kFloat8);
    Grid output(m, n);
    judge.linear(a.operation(p, *prepared, output));
    const std::vector<float> weight = to_floats(a.weight);
    const auto rounded = [](const std::vector<float>& row, float& scale) {
      float largest = 0;
      for (const float v : row) largest = std::max(largest, std::fabs(v));
      scale = largest / 448.0f;
      std::vector<double> values;
      for (const float v : row) {
        // Steps of 2^-3 of the power of two below, or of 2^-9 below 2^-6.
        const double x = v * (448.0f / largest);
        const int exponent = std::max(std::ilogb(x == 0.0 ? 1e-9 : x), -6);
        values.push_back(std::ldexp(std::nearbyint(std::ldexp(x, 3 - exponent)), exponent - 3));
      }
      return values;
    };
    for (std::int64_t i = 0; i < m; ++i) {
      std::vector<float> x;
      for (std::int64_t c = 0; c < k; ++c) x.push_back(a.input.at(i, c));
      float input_scale = 0;
      const std::vector<double> input = rounded(x, input_scale);
      for (std::int64_t j = 0; j < n; ++j) {
        const auto first = weight.begin() + j * k;
        float scale = 0;
        const std::vector<double> row = rounded({first, first + k}, scale);
        double sum = 0;
        for (std::size_t c = 0; c < row.size(); ++c) sum += input[c] * row[c];
        const float product = static_cast<float>(sum) * (input_scale * scale);
        const double expected = static_cast<double>(product) + a.bias[static_cast<std::size_t>(j)];
        EXPECT_EQ(output.at(i, j), static_cast<float>(expected)) << m << " " << k << " " << n;
      }
    }
  }
}

TEST_P(LinearFp8Test, AgreesForShapesOddAndEven) {
  for_each_linear_shape([&](std::int64_t m, std::int64_t k, std::int64_t n) {
    compare(*backend, judge, {m, k, n}, DataType::kFloat32);
    if (is_cuda()) compare(*backend, judge, {.m = m, .k = k, .n = n, .gap = 0}, DataType::kFloat16);
  });
}

TEST_P(LinearFp8Test, AgreesForEveryEpilogueAndActivationType) {
  for (const DataType type : activation_types()) {
    for_each_linear_epilogue(
        [&](std::int64_t n, ops::Activation activation, bool bias, bool residual) {
          for (const std::int64_t gap : {0, 3}) {
            compare(*backend, judge,
                    {.m = 70,
                     .k = 48,
                     .n = n,
                     .activation = activation,
                     .bias = bias,
                     .residual = residual,
                     .gap = gap},
                    type);
          }
        });
  }
}

TEST_P(LinearFp8Test, TakesAWeightStoredInAnyTypeWholeAndInParts) {
  const Problem p{20, 40, 50};
  const Arguments a(p, DataType::kFloat32);
  for (const DataType stored : kFloatingTypes) {
    const HostTensor weight = convert(a.weight, stored);
    const auto expected_weight = judge.prepare_linear(weight, kFloat8);
    Grid expected(p.m, p.n);
    judge.linear(a.operation(p, *expected_weight, expected));
    Grid actual(p.m, p.n);
    const auto prepared = backend->prepare_linear(weight, kFloat8);
    backend->linear(a.operation(p, *prepared, actual));
    expect_close(actual, expected, is_cuda() ? kTensorCores : kReference,
                 fmt::format("stored {}", name_of(stored)));
    const std::size_t row_bytes = 40 * size_of(stored);
    const std::vector<HostTensor> parts = {
        {stored, {13, 40}, weight.data, weight.owner},
        {stored, {37, 40}, weight.data + 13 * row_bytes, weight.owner}};
    const auto joined = backend->prepare_linear(parts, kFloat8);
    Grid again(p.m, p.n);
    backend->linear(a.operation(p, *joined, again));
    expect_close(again, actual, {0, 0}, fmt::format("in parts, stored {}", name_of(stored)));
  }
}

TEST_P(LinearFp8Test, ARowHasTheSameBitsForAnyNumberOfRows) {
  // Real widths where rows cost nothing, and more rows than are multiplied at once.
  const std::int64_t m = is_cuda() ? 5000 : 300;
  const std::int64_t k = is_cuda() ? 1280 : 72;
  const std::int64_t n = is_cuda() ? 3840 : 40;
  for (const DataType type : activation_types()) {
    for (const bool residual : {false, true}) {
      const Problem p{.m = m,
                      .k = k,
                      .n = n,
                      .activation = ops::Activation::kGelu,
                      .residual = residual,
                      .gap = 0};
      const Arguments a(p, type);
      const auto prepared = backend->prepare_linear(a.weight, kFloat8);
      Grid together(p.m, n, type, 0);
      backend->linear(a.operation(p, *prepared, together));
      for (const auto& [first, count] : {std::pair<std::int64_t, std::int64_t>{0, 1},
                                         {m - 1, 1},
                                         {100, 7},
                                         {0, 64},
                                         {80, 200}}) {
        Arguments part = a;
        part.input = a.input.rows_from(first, count);
        part.residual = a.residual.rows_from(first, count);
        Grid output(count, n, type, 0);
        backend->linear(part.operation(p, *prepared, output));
        expect_same_rows(output, together, first,
                         fmt::format("{} rows from {}, {}", count, first, describe(p, type)));
      }
    }
  }
}

TEST_P(LinearFp8Test, OutputMayBeTheResidual) {
  for (const std::int64_t gap : {0, 3}) {
    const Problem p{.m = 130, .k = 80, .n = 144, .residual = true, .gap = gap};
    for (const DataType type : activation_types()) {
      const Arguments a(p, type);
      const auto prepared = backend->prepare_linear(a.weight, kFloat8);
      Grid separate(p.m, p.n, type, gap);
      backend->linear(a.operation(p, *prepared, separate));
      Grid shared = a.residual;
      ops::Linear op = a.operation(p, *prepared, shared);
      op.residual = shared.view();
      backend->linear(op);
      // A GPU's products may take another way where matrices are aligned otherwise.
      expect_close(shared, separate, is_cuda() ? stored_as(type, kTensorCores) : kReference,
                   describe(p, type));
    }
  }
}

TEST_P(LinearFp8Test, NanAndInfinityMakeTheirRowNanAndNoOther) {
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    for (const std::int64_t gap : {0, 3}) {
      const Problem p{.m = 70, .k = 32, .n = 48, .residual = true, .gap = gap};
      for (const DataType type : activation_types()) {
        Arguments a(p, type);
        const auto prepared = backend->prepare_linear(a.weight, kFloat8);
        Grid clean(p.m, p.n, type, gap);
        backend->linear(a.operation(p, *prepared, clean));
        a.input.set(2, 19, bad);
        Grid output(p.m, p.n, type, gap);
        backend->linear(a.operation(p, *prepared, output));
        for (std::int64_t i = 0; i < p.m; ++i) {
          for (std::int64_t j = 0; j < p.n; ++j) {
            if (i == 2) {
              EXPECT_TRUE(std::isnan(output.at(i, j))) << bad << " column " << j;
            } else {
              EXPECT_EQ(output.at(i, j), clean.at(i, j)) << bad << " row " << i;
            }
          }
        }
      }
    }
  }
}

TEST_P(LinearFp8Test, ZeroRowsGiveTheBias) {
  const Problem p{6, 20, 30};
  Arguments a(p, DataType::kFloat32);
  for (std::int64_t c = 0; c < p.k; ++c) a.input.set(3, c, c % 2 == 0 ? 0.0f : 1e-40f);
  std::vector<float> values = to_floats(a.weight);
  std::fill_n(values.begin() + 11 * p.k, p.k, 0.0f);
  const auto prepared = backend->prepare_linear(make_float_tensor({p.n, p.k}, values), kFloat8);
  Grid output(p.m, p.n);
  backend->linear(a.operation(p, *prepared, output));
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t j = 0; j < p.n; ++j) {
      EXPECT_EQ(output.at(i, j) == a.bias[static_cast<std::size_t>(j)], i == 3 || j == 11)
          << i << " " << j;
    }
  }
}

TEST_P(LinearFp8Test, AnInputInEightBitsAlreadyGivesTheSameBits) {
  for (const DataType type : activation_types()) {
    for (const std::int64_t k : {48, 40, 7}) {  // whole units of 16, and not
      for (const std::int64_t gap : {0, 5}) {
        const Problem p{.m = 70, .k = k, .n = 96, .residual = true, .gap = 0};
        const Arguments a(p, type);
        const auto prepared = backend->prepare_linear(a.weight, kFloat8);
        Grid expected(p.m, p.n, type, 0);
        backend->linear(a.operation(p, *prepared, expected));
        QuantizedGrid input = QuantizedGrid::of(a.input, gap);
        Grid actual(p.m, p.n, type, 0);
        ops::Linear op = a.operation(p, *prepared, actual);
        op.input = input.view().values;
        op.input_scales = input.scales();
        backend->linear(op);
        expect_close(actual, expected, {0, 0}, fmt::format("{}, gap {}", describe(p, type), gap));
      }
    }
  }
}

TEST_P(QuantizedActivationsTest, LinearWritesWhatItsOutputIsRoundedTo) {
  using ops::Activation;
  for (const DataType type : activation_types()) {
    for (const std::int64_t n : {std::int64_t{64}, std::int64_t{131}, std::int64_t{2560},
                                 std::int64_t{is_cuda() ? 10240 : 160}}) {
      for (const Activation activation : {Activation::kNone, Activation::kGelu}) {
        const Problem p{.m = 70, .k = 64, .n = n, .activation = activation, .gap = 0};
        const Arguments a(p, type);
        const auto prepared = backend->prepare_linear(a.weight, kFloat8);
        Grid output(p.m, n, type, 0);
        backend->linear(a.operation(p, *prepared, output));
        for (const std::int64_t gap : {0, 5}) {
          QuantizedGrid quantized(p.m, n, gap);
          ops::Linear op = a.operation(p, *prepared, output);
          op.output = {};
          op.quantized = quantized.view();
          backend->linear(op);
          quantized.expect_same(QuantizedGrid::of(output, 0), describe(p, type));
        }
      }
    }
  }
}

TEST_P(QuantizedActivationsTest, LayerNormWritesWhatItsOutputIsRoundedTo) {
  for (const DataType type : activation_types()) {
    for (const std::int64_t d : {7, 48, 64, 768, 1280, 2560, 5120}) {
      if (!is_cuda() && d > 768) continue;
      for (const bool residual : {false, true}) {
        const Grid input = Grid::random(33, d, 1, type, 1.0f, 0);
        const Grid added = Grid::random(33, d, 2, type, 1.0f, 0);
        const std::vector<float> gamma = random_values(d, 3);
        const std::vector<float> beta = random_values(d, 4);
        Grid output(33, d, type, 0);
        ops::LayerNorm op;
        op.input = input.view();
        if (residual) op.residual = added.view();
        op.gamma = floats(gamma);
        op.beta = floats(beta);
        op.output = output.view();
        backend->layer_norm(op);
        const std::string what = fmt::format("{} columns of {}", d, name_of(type));
        // A GPU has another kernel for rows that it quantises, where the compiler may contract
        // other products and sums: the last bits of float32, before they are rounded to the stored
        // type.
        const Tolerance tolerance =
            is_cuda() ? stored_as(type, Tolerance{1e-6, 1e-6}) : Tolerance{0, 0};
        for (const std::int64_t gap : {0, 5}) {
          Grid beside(33, d, type, 0);
          QuantizedGrid both(33, d, gap);
          op.output = beside.view();
          op.quantized = both.view();
          backend->layer_norm(op);
          expect_close(beside, output, tolerance, what);
          const QuantizedGrid expected = QuantizedGrid::of(beside, 0);
          both.expect_same(expected, what);
          QuantizedGrid alone(33, d, gap);
          op.output = {};
          op.quantized = alone.view();
          backend->layer_norm(op);
          alone.expect_same(expected, what);
        }
      }
    }
  }
}

TEST_P(QuantizedActivationsTest, GatedGeluWritesWhatItsOutputIsRoundedTo) {
  for (const DataType type : activation_types()) {
    for (const std::int64_t width : {5, 64, 1536, 3072, 4096}) {
      if (!is_cuda() && width > 64) continue;
      const Grid input = Grid::random(33, 2 * width, 1, type, 1.0f, 0);
      Grid output(33, width, type, 0);
      backend->gated_gelu({.input = input.view(), .output = output.view()});
      for (const std::int64_t gap : {0, 5}) {
        QuantizedGrid quantized(33, width, gap);
        backend->gated_gelu({.input = input.view(), .output = {}, .quantized = quantized.view()});
        quantized.expect_same(QuantizedGrid::of(output, 0),
                              fmt::format("{} columns of {}", width, name_of(type)));
      }
    }
  }
}

TEST_P(QuantizedActivationsTest, RowsWithNanHaveTheScaleNan) {
  for (const DataType type : activation_types()) {
    for (const std::int64_t d : {48, 50}) {
      Grid input = Grid::random(9, d, 1, type, 1.0f, 0);
      input.set(4, 3, NAN);
      const std::vector<float> ones(static_cast<std::size_t>(d), 1.0f);
      QuantizedGrid quantized(9, d, 0);
      ops::LayerNorm op;
      op.input = input.view();
      op.gamma = floats(ones);
      op.beta = floats(ones);
      op.quantized = quantized.view();
      backend->layer_norm(op);
      for (std::int64_t i = 0; i < 9; ++i) {
        EXPECT_EQ(std::isnan(quantized.scale(i)), i == 4) << i;
        EXPECT_EQ((quantized.at(i, 3) & 0x7f) == 0, i == 4) << i;
      }
    }
  }
}

TEST_P(Fp8RefusalTest, ABackendWithoutFp8SaysSo) {
  if (backend->offers(Precision::kFp8)) GTEST_SKIP() << GetParam().name << " has fp8";
  EXPECT_FALSE(backend->quantizes_activations(Precision::kFp8));
  EXPECT_THROW(backend->prepare_linear(random_weight(4, 4), kFloat8), ContractError);
  const Grid input = Grid::random(2, 8, 1);
  const std::vector<float> ones(8, 1.0f);
  QuantizedGrid quantized(2, 8, 0);
  ops::LayerNorm op;
  op.input = input.view();
  op.gamma = floats(ones);
  op.beta = floats(ones);
  op.quantized = quantized.view();
  EXPECT_THROW(backend->layer_norm(op), ContractError);
}

TEST(Fp8Arguments, AreChecked) {
  ReferenceBackend judge;
  const auto weight = judge.prepare_linear(random_weight(16, 16), kFloat8);
  const auto half = judge.prepare_linear(random_weight(16, 16), DataType::kFloat16);
  Grid input = Grid::random(3, 16, 1);
  Grid output(3, 16);
  QuantizedGrid quantized(3, 16, 0);
  const auto operation = [&] {
    ops::Linear op;
    op.input = input.view();
    op.weight = weight.get();
    op.output = output.view();
    return op;
  };
  EXPECT_NO_THROW(judge.linear(operation()));
  ops::Linear op = operation();
  op.quantized = quantized.view();
  EXPECT_THROW(judge.linear(op), ContractError) << "output and quantized";
  op.output = {};
  EXPECT_NO_THROW(judge.linear(op));
  op.residual = input.view();
  EXPECT_THROW(judge.linear(op), ContractError) << "a residual beside quantized";
  op = operation();
  op.output = {};
  op.quantized = quantized.view();
  op.weight = half.get();
  EXPECT_THROW(judge.linear(op), ContractError) << "a float16 weight";
  op = operation();
  op.input = quantized.view().values;
  EXPECT_THROW(judge.linear(op), ContractError) << "no input_scales";
  op.input_scales = quantized.scales();
  EXPECT_NO_THROW(judge.linear(op));
  op.weight = half.get();
  EXPECT_THROW(judge.linear(op), ContractError) << "8 bits into a float16 weight";
  op = operation();
  op.input_scales = quantized.scales();
  EXPECT_THROW(judge.linear(op), ContractError) << "scales of a floating input";
  QuantizedGrid narrow(3, 15, 0);
  op = operation();
  op.output = {};
  op.quantized = narrow.view();
  EXPECT_THROW(judge.linear(op), ContractError) << "too narrow";
}

}  // namespace
}  // namespace virnucpro
