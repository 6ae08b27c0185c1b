// count_nonfinite: NaN, infinities and the finite range of float32 rows.
#include <algorithm>
#include <limits>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/float32_operands.h"
#include "backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/count_nonfinite_cpu.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

/// Adds one row to `count`, whose finite range starts as (+infinity, -infinity). Returns the row's
/// NaN and infinite elements.
std::int32_t count_row(const float* input, std::size_t width, ops::NonfiniteCount& count) {
  const hn::ScalableTag<float> d;
  const auto infinity = hn::Inf(d);
  auto smallest = infinity;
  auto largest = hn::Neg(infinity);
  std::size_t nan = 0;
  std::size_t infinite = 0;
  for_vectors(d, width, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    auto x = load_any(d, input + i, lanes);
    const auto is_nan = hn::IsNaN(x);
    const auto is_infinite = hn::Eq(hn::Abs(x), infinity);
    nan += hn::CountTrue(d, is_nan);
    infinite += hn::CountTrue(d, is_infinite);
    auto finite = hn::Lt(hn::Abs(x), infinity);
    if (lanes < hn::Lanes(d)) finite = hn::And(finite, hn::FirstN(d, lanes));
    smallest = hn::Min(smallest, hn::IfThenElse(finite, x, smallest));
    largest = hn::Max(largest, hn::IfThenElse(finite, x, largest));
  });
  count.finite_min = HWY_MIN(count.finite_min, hn::GetLane(hn::MinOfLanes(d, smallest)));
  count.finite_max = HWY_MAX(count.finite_max, hn::GetLane(hn::MaxOfLanes(d, largest)));
  count.nan += static_cast<std::int64_t>(nan);
  count.infinite += static_cast<std::int64_t>(infinite);
  return static_cast<std::int32_t>(nan + infinite);
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(count_row);

ops::NonfiniteCount CpuBackend::do_count_nonfinite(const ops::CountNonfinite& op) {
  const float* input = float32_data("count_nonfinite", op.input);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const ops::NonfiniteCount nothing{0, 0, kInfinity, -kInfinity};
  std::fill(counts_.begin(), counts_.end(), nothing);
  const auto kernel = HWY_DYNAMIC_DISPATCH(count_row);
  parallel_rows(workers_, op.input.rows, op.input.columns,
                [&](std::int64_t first, std::int64_t last, std::size_t worker) {
                  for (std::int64_t i = first; i < last; ++i) {
                    const std::int32_t bad =
                        kernel(input + i * op.input.stride,
                               static_cast<std::size_t>(op.input.columns), counts_[worker]);
                    if (!op.rows.empty()) op.rows[static_cast<std::size_t>(i)] = bad;
                  }
                });
  ops::NonfiniteCount total = nothing;
  for (const ops::NonfiniteCount& count : counts_) {
    total.nan += count.nan;
    total.infinite += count.infinite;
    total.finite_min = std::min(total.finite_min, count.finite_min);
    total.finite_max = std::max(total.finite_max, count.finite_max);
  }
  if (total.finite_min > total.finite_max) total.finite_min = total.finite_max = 0.0f;
  return total;
}

}  // namespace virnucpro
#endif  // HWY_ONCE
