// linear with int8 weights: the reference against a loop written from the contract (ops/linear.h),
// and every backend against the reference.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "conformance/conformance.h"
#include "conformance/linear_rows.h"
#include "conformance/linear_shapes.h"
#include "tensor/host_tensor.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE(LinearInt8Test);

struct Problem {
  std::int64_t m, k, n;
  ops::Activation activation = ops::Activation::kNone;
  bool bias = true;
  bool residual = false;
};

std::string describe(const Problem& p) {
  return fmt::format("m {} k {} n {} activation {} bias {} residual {}", p.m, p.k, p.n,
                     static_cast<int>(p.activation), p.bias, p.residual);
}

HostTensor random_weight(std::int64_t n, std::int64_t k) {
  // Deviation 1 / sqrt(k): results around 1, as in the encoders.
  const float deviation = 1.0f / std::sqrt(static_cast<float>(k));
  return make_float_tensor({n, k}, random_values(n * k, 4, deviation));
}

struct Arguments {
  explicit Arguments(const Problem& p, DataType type = DataType::kFloat32)
      : input(Grid::random(p.m, p.k, 1, type)),
        residual(Grid::random(p.m, p.n, 2, type)),
        bias(random_values(p.n, 3)),
        weight(random_weight(p.n, p.k)) {}

  ops::Linear operation(const Problem& p, const ops::LinearWeight& prepared, Grid& output) const {
    return {input.view(),
            &prepared,
            p.bias ? floats(bias) : ConstFloats{},
            p.activation,
            p.residual ? residual.view() : ConstMatrix{},
            output.view()};
  }

  Grid input;
  Grid residual;
  std::vector<float> bias;
  HostTensor weight;
};

/// The integer sums are exact on both sides: what is left is the float32 epilogue, two or three
/// roundings of results up to 8 and the gelu of math_test.cc.
constexpr Tolerance kEpilogue{2e-6, 1e-6};

void compare(Backend& backend, Backend& judge, const Problem& p,
             DataType type = DataType::kFloat32) {
  const Arguments a(p, type);
  const auto prepared = backend.prepare_linear(a.weight, DataType::kInt8);
  const auto expected_weight = judge.prepare_linear(a.weight, DataType::kInt8);
  EXPECT_EQ(prepared->outputs(), p.n);
  EXPECT_EQ(prepared->inputs(), p.k);
  EXPECT_EQ(prepared->type(), DataType::kInt8);
  Grid actual(p.m, p.n, type);
  Grid expected(p.m, p.n, type);
  backend.linear(a.operation(p, *prepared, actual));
  judge.linear(a.operation(p, *expected_weight, expected));
  expect_close(actual, expected, stored_as(type, kEpilogue), describe(p));
}

/// One row as the contract says, without the project's own quantiser.
struct NaiveRow {
  std::vector<std::int32_t> q;
  float scale = 0;
};

NaiveRow naive_row(const std::vector<float>& x) {
  float largest = 0;
  for (const float v : x) largest = std::max(largest, std::fabs(v));
  NaiveRow row{std::vector<std::int32_t>(x.size()), largest / 127.0f};
  for (std::size_t i = 0; i < x.size(); ++i) {
    // lrint rounds to nearest even by default.
    row.q[i] = static_cast<std::int32_t>(std::lrint(x[i] * (127.0f / largest)));
    EXPECT_LE(std::abs(row.q[i]), 127);
  }
  return row;
}

TEST(LinearInt8Reference, IsTheDoubleLoopOfTheContract) {
  ReferenceBackend judge;
  for (const auto& [m, k, n] : {std::tuple{1, 1, 1}, {3, 5, 2}, {9, 64, 33}, {4, 1280, 7}}) {
    const Problem p{m, k, n};
    const Arguments a(p);
    const auto prepared = judge.prepare_linear(a.weight, DataType::kInt8);
    Grid output(m, n);
    judge.linear(a.operation(p, *prepared, output));
    const std::vector<float> weight = to_floats(a.weight);
    for (std::int64_t i = 0; i < m; ++i) {
      std::vector<float> x;
      for (std::int64_t c = 0; c < k; ++c) x.push_back(a.input.at(i, c));
      const NaiveRow input = naive_row(x);
      for (std::int64_t j = 0; j < n; ++j) {
        const auto first = weight.begin() + j * k;
        const NaiveRow row = naive_row({first, first + k});
        std::int64_t sum = 0;
        for (std::size_t c = 0; c < row.q.size(); ++c) sum += input.q[c] * row.q[c];
        const float product = static_cast<float>(sum) * (input.scale * row.scale);
        const double expected = static_cast<double>(product) + a.bias[static_cast<std::size_t>(j)];
        EXPECT_EQ(output.at(i, j), static_cast<float>(expected)) << describe(p);
      }
    }
  }
}

TEST_P(LinearInt8Test, AgreesForShapesOddAndEven) {
  for_each_linear_shape([&](std::int64_t m, std::int64_t k, std::int64_t n) {
    compare(*backend, judge, {m, k, n});
  });
}

TEST_P(LinearInt8Test, AgreesForEveryEpilogue) {
  for_each_linear_epilogue([&](std::int64_t n, ops::Activation activation, bool bias,
                               bool residual) {
    compare(
        *backend, judge,
        {.m = 70, .k = 48, .n = n, .activation = activation, .bias = bias, .residual = residual});
  });
}

TEST_P(LinearInt8Test, TheLargestSumsAreExact) {
  for (const std::int64_t k : {2, 64, 5120, 20'480}) {
    for (const float sign : {1.0f, -1.0f}) {
      const auto cells = static_cast<std::size_t>(k);
      const HostTensor weight = make_float_tensor({1, k}, std::vector<float>(cells, sign * 127.0f));
      const auto prepared = backend->prepare_linear(weight, DataType::kInt8);
      Grid input(1, k);
      for (std::int64_t c = 0; c < k; ++c) input.set(0, c, 127.0f);
      Grid output(1, 1);
      backend->linear(
          {input.view(), prepared.get(), {}, ops::Activation::kNone, {}, output.view()});
      EXPECT_EQ(output.at(0, 0), sign * 127.0f * 127.0f * static_cast<float>(k)) << k;
    }
  }
}

TEST_P(LinearInt8Test, TakesAWeightStoredInAnyTypeWholeAndInParts) {
  const Problem p{20, 40, 50};
  const Arguments a(p);
  for (const DataType stored : kFloatingTypes) {
    const HostTensor weight = convert(a.weight, stored);
    const auto expected_weight = judge.prepare_linear(weight, DataType::kInt8);
    Grid expected(p.m, p.n);
    judge.linear(a.operation(p, *expected_weight, expected));
    Grid actual(p.m, p.n);
    const auto prepared = backend->prepare_linear(weight, DataType::kInt8);
    backend->linear(a.operation(p, *prepared, actual));
    expect_close(actual, expected, kEpilogue, fmt::format("stored {}", name_of(stored)));

    const std::size_t row_bytes = 40 * size_of(stored);
    const std::vector<HostTensor> parts = {
        {stored, {13, 40}, weight.data, weight.owner},
        {stored, {37, 40}, weight.data + 13 * row_bytes, weight.owner}};
    const auto joined = backend->prepare_linear(parts, DataType::kInt8);
    Grid again(p.m, p.n);
    backend->linear(a.operation(p, *joined, again));
    expect_close(again, actual, {0, 0}, fmt::format("in parts, stored {}", name_of(stored)));
  }
}

TEST_P(LinearInt8Test, AgreesForEveryActivationType) {
  using ops::Activation;
  for (const DataType type : activation_types()) {
    for (const Activation activation : {Activation::kNone, Activation::kGelu, Activation::kRelu}) {
      for (const bool residual : {false, true}) {
        compare(*backend, judge, {7, 20, 9, activation, true, residual}, type);
        compare(*backend, judge, {70, 128, 64, activation, true, residual}, type);
      }
    }
  }
}

TEST_P(LinearInt8Test, ARowHasTheSameBitsInEveryTypeForAnyNumberOfRows) {
  // Real widths where rows cost nothing.
  const std::int64_t k = is_cuda() ? 1280 : 72;
  const std::int64_t n = is_cuda() ? 3840 : 40;
  for (const DataType type : activation_types()) {
    const Problem p{1000, k, n, ops::Activation::kGelu, true, true};
    const Arguments a(p, type);
    const auto prepared = backend->prepare_linear(a.weight, DataType::kInt8);
    Grid together(p.m, n, type);
    backend->linear(a.operation(p, *prepared, together));
    for (const auto& [first, count] : {std::pair{0, 1}, {999, 1}, {400, 7}, {0, 64}, {800, 200}}) {
      Arguments part = a;
      part.input = a.input.rows_from(first, count);
      part.residual = a.residual.rows_from(first, count);
      Grid output(count, n, type);
      backend->linear(part.operation(p, *prepared, output));
      expect_same_rows(output, together, first,
                       fmt::format("{} rows from {}, {}", name_of(type), first, describe(p)));
    }
  }
}

TEST_P(LinearInt8Test, OutputMayBeTheResidual) {
  const Problem p{130, 70, 140, ops::Activation::kNone, true, true};
  const Arguments a(p);
  const auto prepared = backend->prepare_linear(a.weight, DataType::kInt8);
  Grid separate(p.m, p.n);
  backend->linear(a.operation(p, *prepared, separate));
  Grid shared = a.residual;
  ops::Linear op = a.operation(p, *prepared, shared);
  op.residual = shared.view();
  backend->linear(op);
  expect_close(shared, separate, {0, 0}, describe(p));
}

TEST_P(LinearInt8Test, ARowHasTheSameBitsWhateverTheBatchItsPositionAndTheThreads) {
  const Problem p{300, 130, 270, ops::Activation::kGelu, true, true};
  const Arguments a(p);
  expect_independent_rows(
      *backend, p, a, [&](Backend& of) { return of.prepare_linear(a.weight, DataType::kInt8); },
      [&](std::size_t threads) { return make(threads); }, describe(p));
}

TEST_P(LinearInt8Test, NanAndInfinityMakeTheirRowNanAndNoOther) {
  using ops::Activation;
  for (const Activation activation : {Activation::kNone, Activation::kGelu, Activation::kRelu}) {
    for (const float bad : {NAN, INFINITY, -INFINITY}) {
      const Problem p{70, 20, 30, activation, true, true};
      Arguments a(p);
      const auto prepared = backend->prepare_linear(a.weight, DataType::kInt8);
      Grid clean(p.m, p.n);
      backend->linear(a.operation(p, *prepared, clean));
      a.input.set(2, 19, bad);
      Grid output(p.m, p.n);
      backend->linear(a.operation(p, *prepared, output));
      for (std::int64_t i = 0; i < p.m; ++i) {
        for (std::int64_t j = 0; j < p.n; ++j) {
          if (i == 2) {
            EXPECT_TRUE(std::isnan(output.at(i, j))) << bad << " column " << j;
          } else {
            EXPECT_EQ(output.at(i, j), clean.at(i, j)) << bad << " row " << i << " column " << j;
          }
        }
      }
    }
  }
}

TEST_P(LinearInt8Test, ANanInAWeightMakesItsOutputNanAndNoOther) {
  const Problem p{5, 20, 30};
  const Arguments a(p);
  std::vector<float> values = to_floats(a.weight);
  values[7 * 20 + 3] = NAN;
  const auto prepared =
      backend->prepare_linear(make_float_tensor({30, 20}, values), DataType::kInt8);
  Grid output(p.m, p.n);
  backend->linear(a.operation(p, *prepared, output));
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t j = 0; j < p.n; ++j) EXPECT_EQ(std::isnan(output.at(i, j)), j == 7);
  }
}

TEST_P(LinearInt8Test, ZeroRowsGiveTheBias) {
  const Problem p{6, 20, 30};
  Arguments a(p);
  for (std::int64_t c = 0; c < p.k; ++c) a.input.set(3, c, c % 2 == 0 ? 0.0f : 1e-40f);
  std::vector<float> values = to_floats(a.weight);
  std::fill_n(values.begin() + 11 * p.k, p.k, 0.0f);
  const auto prepared =
      backend->prepare_linear(make_float_tensor({p.n, p.k}, values), DataType::kInt8);
  Grid output(p.m, p.n);
  backend->linear(a.operation(p, *prepared, output));
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t j = 0; j < p.n; ++j) {
      EXPECT_EQ(output.at(i, j) == a.bias[static_cast<std::size_t>(j)], i == 3 || j == 11)
          << i << " " << j;
    }
  }
}

TEST_P(LinearInt8Test, RefusesMoreInputsThanItsSumsHold) {
  const std::int64_t most = ops::kMostInt8Inputs;
  const std::vector<float> values(static_cast<std::size_t>(most + 1), 1.0f);
  const HostTensor weight = make_float_tensor({1, most + 1}, values);
  EXPECT_THROW(backend->prepare_linear(weight, DataType::kInt8), ContractError);
  static_assert(ops::kMostInt8Inputs * 127 * 127 <= INT32_MAX);
  static_assert((ops::kMostInt8Inputs + 1) * 127 * 127 > INT32_MAX);
}

}  // namespace
}  // namespace virnucpro
