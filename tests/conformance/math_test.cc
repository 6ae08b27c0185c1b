// exp, erf and gelu of the cpu backend against double, on every instruction set.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conformance/math_test.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/math-inl.h"
#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

void exp_each(const float* x, std::size_t count, float* y) {
  const hn::ScalableTag<float> d;
  for_vectors(d, count, [&](std::size_t i, std::size_t n) HWY_ATTR {
    store_any(d, exp(d, load_any(d, x + i, n)), y + i, n);
  });
}

void exp2_each(const float* x, std::size_t count, float* y) {
  const hn::ScalableTag<float> d;
  for_vectors(d, count, [&](std::size_t i, std::size_t n) HWY_ATTR {
    hn::Vec<decltype(d)> values[1] = {load_any(d, x + i, n)};
    exp2_bounded(d, values);
    store_any(d, values[0], y + i, n);
  });
}

void erf_each(const float* x, std::size_t count, float* y) {
  const hn::ScalableTag<float> d;
  for_vectors(d, count, [&](std::size_t i, std::size_t n) HWY_ATTR {
    store_any(d, erf(d, load_any(d, x + i, n)), y + i, n);
  });
}

void gelu_each(const float* x, std::size_t count, float* y) {
  const hn::ScalableTag<float> d;
  for_vectors(d, count, [&](std::size_t i, std::size_t n) HWY_ATTR {
    store_any(d, gelu(d, load_any(d, x + i, n)), y + i, n);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "conformance/instruction_sets.h"

namespace virnucpro {
namespace {

HWY_EXPORT(exp_each);
HWY_EXPORT(exp2_each);
HWY_EXPORT(erf_each);
HWY_EXPORT(gelu_each);

class Math : public OnEachInstructionSet {};

VIRNUCPRO_ON_EACH_INSTRUCTION_SET(Math);

using Function = void (*)(const float*, std::size_t, float*);

/// The largest error over a million values of [from, to], in double.
double largest_error(Function function, double from, double to,
                     const std::function<double(double)>& exact, bool relative, double& where) {
  constexpr std::size_t kCount = 1'000'003;
  std::vector<float> x(kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    x[i] = static_cast<float>(from + (to - from) * static_cast<double>(i) / (kCount - 1));
  }
  std::vector<float> y(kCount);
  function(x.data(), kCount, y.data());
  double worst = 0.0;
  for (std::size_t i = 0; i < kCount; ++i) {
    const double should = exact(x[i]);
    double error = std::abs(y[i] - should);
    if (relative && should != 0.0) error /= std::abs(should);
    if (error <= worst) continue;
    worst = error;
    where = x[i];
  }
  return worst;
}

void expect_within(const char* name, Function function, double from, double to,
                   const std::function<double(double)>& exact, bool relative, double limit) {
  double where = 0.0;
  const double worst = largest_error(function, from, to, exact, relative, where);
  EXPECT_LE(worst, limit) << name << " at " << where;
  testing::Test::RecordProperty(std::string(name) + "_" + std::to_string(from),
                                std::to_string(worst * 1e9) + "e-9");
}

double exact_exp(double x) { return std::exp(x); }
double exact_exp2(double x) { return std::exp2(x); }
double exact_erf(double x) { return std::erf(x); }
double exact_gelu(double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }

TEST_P(Math, ExpIsWithinItsStatedError) {
  expect_within("exp", HWY_DYNAMIC_DISPATCH(exp_each), -87.3, 88.3, exact_exp, true, 1e-7);
}

TEST_P(Math, Exp2IsWithinItsStatedError) {
  expect_within("exp2", HWY_DYNAMIC_DISPATCH(exp2_each), -126, 127, exact_exp2, true, 2e-7);
  expect_within("exp2", HWY_DYNAMIC_DISPATCH(exp2_each), -1, 0, exact_exp2, true, 2e-7);
  expect_within("exp2", HWY_DYNAMIC_DISPATCH(exp2_each), -1000, -126, exact_exp2, false, 1e-37);
}

TEST_P(Math, ErfIsWithinItsStatedError) {
  expect_within("erf", HWY_DYNAMIC_DISPATCH(erf_each), -6, 6, exact_erf, false, 4e-7);
  expect_within("erf", HWY_DYNAMIC_DISPATCH(erf_each), -1e-3, 1e-3, exact_erf, false, 4e-7);
  expect_within("erf", HWY_DYNAMIC_DISPATCH(erf_each), -1e6, 1e6, exact_erf, false, 4e-7);
}

TEST_P(Math, GeluKeepsItsRelativeErrorIntoTheTail) {
  const Function gelu = HWY_DYNAMIC_DISPATCH(gelu_each);
  expect_within("gelu", gelu, -3, 3, exact_gelu, true, 7e-7);
  expect_within("gelu", gelu, -1e-3, 1e-3, exact_gelu, true, 7e-7);
  expect_within("gelu", gelu, -13, -3, exact_gelu, true, 5e-6);
  expect_within("gelu", gelu, 3, 100, exact_gelu, true, 7e-7);
  expect_within("gelu", gelu, -1000, -13, exact_gelu, false, 1e-36);
}

TEST_P(Math, SpecialValuesStaySpecial) {
  const std::vector<float> x = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 100.0f, -100.0f, 88.4f};
  std::vector<float> y(x.size());
  HWY_DYNAMIC_DISPATCH(exp_each)(x.data(), x.size(), y.data());
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], INFINITY);
  EXPECT_EQ(y[2], 0.0f);
  EXPECT_EQ(y[3], 1.0f);
  EXPECT_EQ(y[4], 1.0f);
  EXPECT_EQ(y[5], INFINITY);
  EXPECT_EQ(y[6], 0.0f);
  EXPECT_EQ(y[7], INFINITY);
  HWY_DYNAMIC_DISPATCH(exp2_each)(x.data(), x.size(), y.data());
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[2], 0.0f);
  EXPECT_EQ(y[3], 1.0f);
  EXPECT_EQ(y[4], 1.0f);
  HWY_DYNAMIC_DISPATCH(erf_each)(x.data(), x.size(), y.data());
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], 1.0f);
  EXPECT_EQ(y[2], -1.0f);
  EXPECT_NEAR(y[3], 0.0f, 1e-7);
  HWY_DYNAMIC_DISPATCH(gelu_each)(x.data(), x.size(), y.data());
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_FALSE(std::isfinite(y[1]));
  EXPECT_FALSE(std::isfinite(y[2]));
  EXPECT_EQ(y[3], 0.0f);
  EXPECT_EQ(y[5], 100.0f);
  EXPECT_EQ(y[6], 0.0f);
}

}  // namespace
}  // namespace virnucpro
#endif  // HWY_ONCE
