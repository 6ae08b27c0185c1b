// linear with int8 weights that keep columns in float16: the reference against a loop written from
// the contract (ops/linear.h), and every backend against the reference.
#include <cmath>
#include <cstdint>
#include <vector>

#include "conformance/conformance.h"
#include "conformance/linear_rows.h"
#include "tensor/host_tensor.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE(LinearKeptTest);

constexpr float kOutlier = 900.0f;  // beside values about 1

/// About one column in seven; none for a single column.
std::vector<std::int32_t> some_columns(std::int64_t k) {
  std::vector<std::int32_t> columns;
  for (std::int64_t c = 3; c < k; c += 7) columns.push_back(static_cast<std::int32_t>(c));
  return columns;
}

struct Problem {
  std::int64_t m, k, n;
  ops::Activation activation = ops::Activation::kNone;
  bool residual = false;
};

struct Arguments {
  explicit Arguments(const Problem& p, DataType type = DataType::kFloat32)
      : input(Grid::random(p.m, p.k, 1, type)),
        residual(Grid::random(p.m, p.n, 2, type)),
        bias(random_values(p.n, 3)),
        weight(make_float_tensor(
            {p.n, p.k}, random_values(p.n * p.k, 4, 1.0f / std::sqrt(static_cast<float>(p.k))))),
        columns(some_columns(p.k)) {
    for (std::int64_t i = 0; i < p.m; ++i) {
      for (const std::int32_t c : columns) input.set(i, c, (c % 2 == 0 ? 1.0f : -1.0f) * kOutlier);
    }
  }

  ops::Linear operation(const Problem& p, const ops::LinearWeight& prepared, Grid& output) const {
    return {input.view(),
            &prepared,
            floats(bias),
            p.activation,
            p.residual ? residual.view() : ConstMatrix{},
            output.view()};
  }

  Grid input;
  Grid residual;
  std::vector<float> bias;
  HostTensor weight;
  std::vector<std::int32_t> columns;
};

/// Sums in float32 of k / 7 products of up to 900 * 4 / sqrt(k): some 1e-7 of their magnitudes.
Tolerance tolerance_of(const Problem& p) {
  const auto kept = static_cast<double>(some_columns(p.k).size());
  const double largest = kOutlier * 4.0 / std::sqrt(static_cast<double>(p.k));
  return {2e-6 + 1.2e-7 * largest * std::max(kept, 1.0), 1e-6};
}

TEST(LinearKeptReference, IsTheDoubleLoopOfTheContract) {
  ReferenceBackend judge;
  const Problem p{5, 40, 9};
  const Arguments a(p);
  const auto prepared = judge.prepare_linear(a.weight, DataType::kInt8, a.columns);
  Grid output(p.m, p.n);
  judge.linear(a.operation(p, *prepared, output));
  const std::vector<float> weight = to_floats(a.weight);
  const std::vector<float> halves = to_floats(convert(a.weight, DataType::kFloat16));
  const auto is_kept = [&](std::int64_t c) { return c % 7 == 3; };
  const auto scale_of = [&](const auto& value) {
    float largest = 0;
    for (std::int64_t c = 0; c < p.k; ++c) {
      if (!is_kept(c)) largest = std::max(largest, std::fabs(value(c)));
    }
    return largest;
  };
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t j = 0; j < p.n; ++j) {
      const auto x = [&](std::int64_t c) { return a.input.at(i, c); };
      const auto w = [&](std::int64_t c) { return weight[static_cast<std::size_t>(j * p.k + c)]; };
      const float x_largest = scale_of(x);
      const float w_largest = scale_of(w);
      std::int64_t sum = 0;
      double kept = 0;
      for (std::int64_t c = 0; c < p.k; ++c) {
        if (is_kept(c)) {
          kept += static_cast<double>(x(c)) * halves[static_cast<std::size_t>(j * p.k + c)];
        } else {
          sum += std::lrint(x(c) * (127.0f / x_largest)) * std::lrint(w(c) * (127.0f / w_largest));
        }
      }
      const float product = static_cast<float>(sum) * ((x_largest / 127.0f) * (w_largest / 127.0f));
      EXPECT_FLOAT_EQ(output.at(i, j),
                      static_cast<float>(product + kept + a.bias[static_cast<std::size_t>(j)]));
    }
  }
}

TEST_P(LinearKeptTest, AgreesForShapesOddAndEven) {
  for (const auto& [m, k, n] : {std::tuple{1, 1, 1},
                                {1, 4, 17},
                                {2, 17, 33},
                                {63, 64, 128},
                                {65, 65, 129},
                                {130, 200, 67},
                                {70, 320, 320},
                                {300, 599, 257}}) {
    for (const ops::Activation activation : {ops::Activation::kNone, ops::Activation::kGelu}) {
      const Problem p{m, k, n, activation, activation == ops::Activation::kNone};
      for (const DataType type : activation_types()) {
        const Arguments a(p, type);
        const auto prepared = backend->prepare_linear(a.weight, DataType::kInt8, a.columns);
        const auto expected_weight = judge.prepare_linear(a.weight, DataType::kInt8, a.columns);
        Grid actual(p.m, p.n, type);
        Grid expected(p.m, p.n, type);
        backend->linear(a.operation(p, *prepared, actual));
        judge.linear(a.operation(p, *expected_weight, expected));
        expect_close(actual, expected, stored_as(type, tolerance_of(p)),
                     fmt::format("m {} k {} n {} {}", m, k, n, name_of(type)));
      }
    }
  }
}

TEST_P(LinearKeptTest, KeepsSmallInputsBesideLargeOnes) {
  const Problem p{20, 640, 50};
  const Arguments a(p);
  const auto exact = judge.prepare_linear(a.weight, DataType::kFloat32);
  Grid expected(p.m, p.n);
  judge.linear(a.operation(p, *exact, expected));
  const auto worst = [&](std::span<const std::int32_t> kept) {
    const auto prepared = backend->prepare_linear(a.weight, DataType::kInt8, kept);
    Grid output(p.m, p.n);
    backend->linear(a.operation(p, *prepared, output));
    double largest = 0;
    for (std::int64_t i = 0; i < p.m; ++i) {
      for (std::int64_t j = 0; j < p.n; ++j) {
        largest = std::max(largest, std::abs(double{output.at(i, j)} - expected.at(i, j)));
      }
    }
    return largest;
  };
  // Float16 keeps 11 bits of each weight, so that 92 products of 900 / 25 differ by some 0.05.
  EXPECT_LT(worst(a.columns), 0.4);
  EXPECT_GT(worst({}), 2.0);
}

TEST_P(LinearKeptTest, ARowHasTheSameBitsWhateverTheBatchItsPositionAndTheThreads) {
  const Problem p{300, 130, 270, ops::Activation::kGelu, true};
  const Arguments a(p);
  expect_independent_rows(
      *backend, p, a,
      [&](Backend& of) { return of.prepare_linear(a.weight, DataType::kInt8, a.columns); },
      [&](std::size_t threads) { return make(threads); }, "kept columns");
}

TEST_P(LinearKeptTest, TakesAWeightInPartsOfAnyType) {
  const Problem p{20, 40, 50};
  const Arguments a(p);
  for (const DataType stored : kFloatingTypes) {
    const HostTensor weight = convert(a.weight, stored);
    Grid whole(p.m, p.n);
    const auto prepared = backend->prepare_linear(weight, DataType::kInt8, a.columns);
    backend->linear(a.operation(p, *prepared, whole));
    const std::size_t row_bytes = 40 * size_of(stored);
    const std::vector<HostTensor> parts = {
        {stored, {13, 40}, weight.data, weight.owner},
        {stored, {37, 40}, weight.data + 13 * row_bytes, weight.owner}};
    const auto joined = backend->prepare_linear(parts, DataType::kInt8, a.columns);
    Grid again(p.m, p.n);
    backend->linear(a.operation(p, *joined, again));
    expect_close(again, whole, {0, 0}, fmt::format("in parts, stored {}", name_of(stored)));
  }
}

TEST_P(LinearKeptTest, NanAndInfinityInAKeptColumnStayInTheirRow) {
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    const Problem p{70, 20, 30};
    Arguments a(p);
    const auto prepared = backend->prepare_linear(a.weight, DataType::kInt8, a.columns);
    Grid clean(p.m, p.n);
    backend->linear(a.operation(p, *prepared, clean));
    a.input.set(2, a.columns.front(), bad);
    Grid output(p.m, p.n);
    backend->linear(a.operation(p, *prepared, output));
    for (std::int64_t i = 0; i < p.m; ++i) {
      for (std::int64_t j = 0; j < p.n; ++j) {
        if (i == 2) {
          EXPECT_FALSE(std::isfinite(output.at(i, j))) << bad << " column " << j;
        } else {
          EXPECT_EQ(output.at(i, j), clean.at(i, j)) << bad << " row " << i << " column " << j;
        }
      }
    }
  }
}

TEST_P(LinearKeptTest, RefusesColumnsOutOfOrderOrRangeOrOfOtherTypes) {
  const HostTensor weight = make_float_tensor({3, 8}, random_values(24, 1));
  for (const std::vector<std::int32_t>& columns :
       {std::vector<std::int32_t>{-1}, {8}, {2, 2}, {3, 1}}) {
    EXPECT_THROW(backend->prepare_linear(weight, DataType::kInt8, columns), ContractError);
  }
  const std::vector<std::int32_t> one = {1};
  EXPECT_THROW(backend->prepare_linear(weight, DataType::kFloat16, one), ContractError);
}

}  // namespace
}  // namespace virnucpro
