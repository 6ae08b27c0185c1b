// softmax over the columns, in place or not.
#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/float32_operands.h"
#include "backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/softmax_cpu.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/math-inl.h"
#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

/// NaN anywhere in the row makes the whole row NaN, through exp and the sum.
void softmax_row(const float* input, std::size_t width, float* output) {
  const hn::ScalableTag<float> d;
  auto largest = hn::Neg(hn::Inf(d));
  for_vectors(d, width, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    auto x = load_any(d, input + i, lanes);
    if (lanes < hn::Lanes(d)) x = hn::IfThenElse(hn::FirstN(d, lanes), x, largest);
    largest = hn::Max(largest, x);
  });
  largest = hn::MaxOfLanes(d, largest);
  auto sum = hn::Zero(d);
  for_vectors(d, width, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    auto e = exp_bounded(d, hn::Sub(load_any(d, input + i, lanes), largest));
    if (lanes < hn::Lanes(d)) e = hn::IfThenElseZero(hn::FirstN(d, lanes), e);
    sum = hn::Add(sum, e);
    store_any(d, e, output + i, lanes);
  });
  sum = hn::SumOfLanes(d, sum);
  for_vectors(d, width, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    store_any(d, hn::Div(load_any(d, output + i, lanes), sum), output + i, lanes);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(softmax_row);

void CpuBackend::do_softmax(const ops::Softmax& op) {
  const float* input = float32_data("softmax", op.input);
  float* output = float32_data("softmax", op.output);
  const auto kernel = HWY_DYNAMIC_DISPATCH(softmax_row);
  parallel_rows(workers_, op.input.rows, op.input.columns,
                [&](std::int64_t first, std::int64_t last, std::size_t) {
                  for (std::int64_t i = first; i < last; ++i) {
                    kernel(input + i * op.input.stride, static_cast<std::size_t>(op.input.columns),
                           output + i * op.output.stride);
                  }
                });
}

}  // namespace virnucpro
#endif  // HWY_ONCE
