// linear on every backend, against the reference.
#include <cmath>

#include "backend/cpu/linear_cpu.h"
#include "conformance/conformance.h"
#include "conformance/linear_rows.h"
#include "conformance/linear_shapes.h"
#include "tensor/host_tensor.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE(LinearTest);

struct Problem {
  std::int64_t m, k, n;
  DataType weight_type = DataType::kFloat32;
  ops::Activation activation = ops::Activation::kNone;
  bool bias = true;
  bool residual = false;
};

std::string describe(const Problem& p) {
  return fmt::format("m {} k {} n {} weight {} activation {} bias {} residual {}", p.m, p.k, p.n,
                     name_of(p.weight_type), static_cast<int>(p.activation), p.bias, p.residual);
}

struct Arguments {
  explicit Arguments(const Problem& p, DataType type = DataType::kFloat32)
      : input(Grid::random(p.m, p.k, 1, type)),
        residual(Grid::random(p.m, p.n, 2, type)),
        bias(random_values(p.n, 3)),
        // Deviation 1 / sqrt(k): results around 1, as in the encoders.
        weight(make_float_tensor(
            {p.n, p.k},
            random_values(p.n * p.k, 4,
                          1.0f / std::sqrt(static_cast<float>(std::max<std::int64_t>(p.k, 1)))))) {}

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

/// Float32 sums of k products around 1 / sqrt(k): errors grow like sqrt(k) * 6e-8 / sqrt(k). Where
/// the processor multiplies bfloat16, the input is rounded to 8 bits too (2^-9 per product,
/// averaged over k of them, times a few deviations); where it splits float16 products into those of
/// bfloat16, to 16 bits.
/// On cuda the judge gets the input as it is multiplied (product_input), and what is left are the
/// sums: tensor cores add 16 products at a time and cut off what float32 cannot hold, k / 16 times
/// up to 2^-23 of sums around 1; 208 times here.
Tolerance tolerance_of(const Backend& backend, DataType weight_type) {
  if (runs_on_cuda(backend)) {
    return weight_type == DataType::kFloat32 ? Tolerance{1e-5, 1e-5} : Tolerance{3e-5, 2e-5};
  }
  switch (cpu_product(weight_type)) {
    case CpuProduct::kBFloat16:
      return {2e-2, 1e-2};
    case CpuProduct::kSplitBFloat16:
      return {4e-5, 2e-5};
    default:
      return {1e-5, 1e-5};
  }
}

/// A GPU rounds the sum to the output's type before the gelu, which carries half a unit of x on by
/// at most |x gelu'(x)| < 0.2 where the result is small; and cuBLASLt rounds it before it adds a
/// residual: half a unit of sums that reach 8 here.
Tolerance tolerance_of(const Backend& backend, const Problem& p, DataType type) {
  Tolerance tolerance = tolerance_of(backend, p.weight_type);
  if (!runs_on_cuda(backend) || type == DataType::kFloat32) return tolerance;
  const double half_unit = std::ldexp(1.0, type == DataType::kFloat16 ? -11 : -8);
  if (p.activation == ops::Activation::kGelu) tolerance.absolute += 0.2 * half_unit;
  if (p.activation == ops::Activation::kNone && p.residual) tolerance.absolute += 4.0 * half_unit;
  return tolerance;
}

/// cuda adds it in the output's type, unless a residual follows an activation.
std::vector<float> added_bias(const Backend& backend, const Problem& p,
                              const std::vector<float>& bias, DataType type) {
  if (!runs_on_cuda(backend) || p.weight_type != type ||
      (p.residual && p.activation != ops::Activation::kNone)) {
    return bias;
  }
  return to_floats(convert(make_float_tensor({p.n}, bias), type));
}

/// cuda multiplies in the weight's type.
Grid product_input(const Backend& backend, const Grid& input, DataType weight_type) {
  return runs_on_cuda(backend) ? input.rounded_to(weight_type) : input;
}

void compare(Backend& backend, Backend& judge, const Problem& p,
             DataType type = DataType::kFloat32) {
  Arguments a(p, type);
  const auto prepared = backend.prepare_linear(a.weight, p.weight_type);
  const auto expected_weight = judge.prepare_linear(a.weight, p.weight_type);
  EXPECT_EQ(prepared->outputs(), p.n);
  EXPECT_EQ(prepared->inputs(), p.k);
  Grid actual(p.m, p.n, type);
  Grid expected(p.m, p.n, type);
  backend.linear(a.operation(p, *prepared, actual));
  a.input = product_input(backend, a.input, p.weight_type);
  a.bias = added_bias(backend, p, a.bias, type);
  judge.linear(a.operation(p, *expected_weight, expected));
  expect_close(actual, expected, stored_as(type, tolerance_of(backend, p, type)),
               fmt::format("{} {}", name_of(type), describe(p)));
}

TEST_P(LinearTest, AgreesForShapesOddAndEven) {
  for_each_linear_shape([&](std::int64_t m, std::int64_t k, std::int64_t n) {
    compare(*backend, judge, {m, k, n});
  });
}

TEST_P(LinearTest, AgreesForEveryEpilogue) {
  for_each_linear_epilogue([&](std::int64_t n, ops::Activation activation, bool bias,
                               bool residual) {
    compare(
        *backend, judge,
        {.m = 70, .k = 48, .n = n, .activation = activation, .bias = bias, .residual = residual});
  });
}

TEST_P(LinearTest, AgreesForEveryWeightType) {
  for (const DataType weight_type : kFloatingTypes) {
    for (const auto& [k, n] : {std::pair{1, 1}, {7, 9}, {33, 65}, {128, 300}, {600, 20}}) {
      for (const std::int64_t m : {1, 5, 100}) {
        compare(*backend, judge, {m, k, n, weight_type, ops::Activation::kGelu, true, true});
      }
    }
  }
}

TEST_P(LinearTest, PreparesAWeightStoredInAnyTypeForAnyType) {
  const Problem p{20, 40, 50};
  const Arguments a(p);
  for (const DataType stored : kFloatingTypes) {
    const HostTensor weight = convert(a.weight, stored);
    for (const DataType used : kFloatingTypes) {
      const auto prepared = backend->prepare_linear(weight, used);
      const auto expected_weight = judge.prepare_linear(weight, used);
      Grid actual(p.m, p.n);
      Grid expected(p.m, p.n);
      backend->linear(a.operation(p, *prepared, actual));
      Arguments rounded = a;
      rounded.input = product_input(*backend, a.input, used);
      judge.linear(rounded.operation(p, *expected_weight, expected));
      expect_close(actual, expected, tolerance_of(*backend, used),
                   fmt::format("stored {} used {}", name_of(stored), name_of(used)));
    }
  }
}

TEST_P(LinearTest, AgreesForEveryActivationTypeAndWeightType) {
  using ops::Activation;
  for (const DataType type : activation_types()) {
    for (const DataType weight_type : kFloatingTypes) {
      for (const Activation activation :
           {Activation::kNone, Activation::kGelu, Activation::kRelu}) {
        for (const bool residual : {false, true}) {
          compare(*backend, judge, {7, 20, 9, weight_type, activation, true, residual}, type);
          compare(*backend, judge, {70, 128, 64, weight_type, activation, true, residual}, type);
        }
      }
      compare(*backend, judge, {65, 33, 131, weight_type, Activation::kNone, false, false}, type);
    }
  }
}

TEST_P(LinearTest, AgreesForTheWidthsOfPublishedModels) {
  for (const DataType type : activation_types()) {
    // Wide models on a GPU only: the judge takes seconds for them.
    for (const auto& [k, n] : {std::pair{320, 960}, {768, 192}, {2560, 7680}, {10240, 2560}}) {
      if (k > 1000 && !is_cuda()) continue;
      compare(*backend, judge, {3, k, n, type, ops::Activation::kNone, true, true}, type);
    }
  }
}

TEST_P(LinearTest, ARowHasTheSameBitsInEveryTypeForAnyNumberOfRows) {
  // Real widths where rows cost nothing.
  const std::int64_t k = is_cuda() ? 1280 : 72;
  const std::int64_t n = is_cuda() ? 3840 : 40;
  for (const DataType type : activation_types()) {
    for (const DataType weight_type : kFloatingTypes) {
      for (const bool residual : {false, true}) {
        const auto activation = residual ? ops::Activation::kNone : ops::Activation::kGelu;
        const Problem p{1000, k, n, weight_type, activation, true, residual};
        const Arguments a(p, type);
        const auto prepared = backend->prepare_linear(a.weight, weight_type);
        Grid together(p.m, n, type);
        backend->linear(a.operation(p, *prepared, together));
        for (const auto& [first, count] :
             {std::pair{0, 1}, {999, 1}, {400, 7}, {0, 64}, {800, 200}}) {
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
  }
}

TEST_P(LinearTest, AWeightServesOtherContextsOfItsDevice) {
  const Problem p{20, 40, 50, DataType::kFloat16, ops::Activation::kGelu, true, true};
  const Arguments a(p);
  const auto prepared = backend->prepare_linear(a.weight, p.weight_type);
  Grid own(p.m, p.n);
  Grid beside(p.m, p.n);
  backend->linear(a.operation(p, *prepared, own));
  make(2)->linear(a.operation(p, *prepared, beside));
  expect_same_rows(beside, own, 0, describe(p));
}

TEST_P(LinearTest, OutputMayBeTheResidual) {
  for (const DataType weight_type : kFloatingTypes) {
    const Problem p{130, 70, 140, weight_type, ops::Activation::kNone, true, true};
    const Arguments a(p);
    const auto prepared = backend->prepare_linear(a.weight, weight_type);
    Grid separate(p.m, p.n);
    backend->linear(a.operation(p, *prepared, separate));
    Grid shared = a.residual;
    ops::Linear op = a.operation(p, *prepared, shared);
    op.residual = shared.view();
    backend->linear(op);
    expect_close(shared, separate, {0, 0}, describe(p));
  }
}

TEST_P(LinearTest, ARowHasTheSameBitsWhateverTheBatchItsPositionAndTheThreads) {
  for (const DataType weight_type : kFloatingTypes) {
    const Problem p{300, 530, 270, weight_type, ops::Activation::kGelu, true, true};
    const Arguments a(p);
    expect_independent_rows(
        *backend, p, a, [&](Backend& of) { return of.prepare_linear(a.weight, weight_type); },
        [&](std::size_t threads) { return make(threads); }, describe(p));
  }
}

TEST_P(LinearTest, NanStaysInItsRow) {
  const Problem p{5, 20, 30};
  Arguments a(p);
  a.input.set(2, 19, NAN);
  const auto prepared = backend->prepare_linear(a.weight, DataType::kFloat32);
  Grid output(p.m, p.n);
  backend->linear(a.operation(p, *prepared, output));
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t j = 0; j < p.n; ++j) EXPECT_EQ(std::isnan(output.at(i, j)), i == 2);
  }
}

TEST_P(LinearTest, RefusesWrongShapesAndForeignWeights) {
  const Problem p{4, 8, 6, DataType::kFloat32, ops::Activation::kNone, true, true};
  const Arguments a(p);
  const auto prepared = backend->prepare_linear(a.weight, DataType::kFloat32);
  Grid output(4, 6);
  Grid other(4, 7);
  const ops::Linear good = a.operation(p, *prepared, output);
  auto bad = good;
  bad.weight = nullptr;
  EXPECT_THROW(backend->linear(bad), ContractError);
  bad = good;
  bad.output = other.view();
  EXPECT_THROW(backend->linear(bad), ContractError);
  bad = good;
  bad.input = other.view();
  EXPECT_THROW(backend->linear(bad), ContractError);
  bad = good;
  bad.residual = other.view();
  EXPECT_THROW(backend->linear(bad), ContractError);
  bad = good;
  bad.bias.size = 5;
  EXPECT_THROW(backend->linear(bad), ContractError);
  const HostTensor vector = make_float_tensor({3}, std::vector<float>{1, 2, 3});
  EXPECT_THROW(backend->prepare_linear(vector, DataType::kFloat32), ContractError);
  EXPECT_THROW(backend->prepare_linear(a.weight, DataType::kInt32), ContractError);
  if (is_reference()) return;
  const auto foreign = judge.prepare_linear(a.weight, DataType::kFloat32);
  bad = good;
  bad.weight = foreign.get();
  EXPECT_THROW(backend->linear(bad), ContractError);
}

}  // namespace
}  // namespace virnucpro
