// mean_pool: double sums in row order, so the result is the same on every instruction set.
#include <algorithm>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/float32_operands.h"
#include "backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/mean_pool_cpu.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

/// output[j] = mean over `rows` > 0 rows of input[row * stride + j].
void mean_rows(const float* input, std::size_t stride, std::size_t rows, std::size_t width,
               float* output) {
  const hn::ScalableTag<double> d64;
  const hn::Rebind<float, decltype(d64)> d;  // as many lanes, half as wide
  const auto count = hn::Set(d64, static_cast<double>(rows));
  for_vectors(d, width, [&](std::size_t j, std::size_t lanes) HWY_ATTR {
    auto sum = hn::Zero(d64);
    for (std::size_t i = 0; i < rows; ++i) {
      sum = hn::Add(sum, hn::PromoteTo(d64, load_any(d, input + i * stride + j, lanes)));
    }
    const auto mean = hn::Div(sum, count);
#if HWY_TARGET == HWY_SCALAR  // where DemoteTo makes infinity the largest finite value
    const auto rounded = hn::Set(d, static_cast<float>(hn::GetLane(mean)));
#else
    const auto rounded = hn::DemoteTo(d, mean);
#endif
    store_any(d, rounded, output + j, lanes);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(mean_rows);

void CpuBackend::do_mean_pool(const ops::MeanPool& op) {
  const float* input = float32_data("mean_pool", op.input);
  float* output = float32_data("mean_pool", op.output);
  const auto width = static_cast<std::size_t>(op.input.columns);
  const auto kernel = HWY_DYNAMIC_DISPATCH(mean_rows);
  parallel_for(workers_, op.sequences.count(), [&](std::size_t task, std::size_t) {
    const auto s = static_cast<std::int64_t>(task);
    float* to = output + s * op.output.stride;
    std::int64_t rows = op.sequences.length(s) - op.skip_front - op.skip_back;
    if (op.max_rows > 0) rows = std::min(rows, op.max_rows);
    if (rows <= 0) {
      std::fill_n(to, width, 0.0f);
      return;
    }
    const float* from = input + (op.sequences.begin(s) + op.skip_front) * op.input.stride;
    kernel(from, static_cast<std::size_t>(op.input.stride), static_cast<std::size_t>(rows), width,
           to);
  });
}

}  // namespace virnucpro
#endif  // HWY_ONCE
