// layer_norm with the residual fused: one row at a time, held in L1 between the passes.
#include <cmath>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/float32_operands.h"
#include "backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/layer_norm_cpu.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

/// One row. The sum and the squares about the mean are two passes (no cancellation), each in four
/// vectors of partial sums that are added in one fixed order. `row` has room for `width` floats
/// rounded up to a vector; residual may be null; output may be input or residual.
void normalise_row(const float* input, const float* residual, const float* gamma, const float* beta,
                   float epsilon, std::size_t width, float* HWY_RESTRICT row, float* output) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  const auto element = [&](std::size_t i, std::size_t count) HWY_ATTR {
    const V x = load_any(d, input + i, count);
    return residual == nullptr ? x : hn::Add(x, load_any(d, residual + i, count));
  };

  V sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  const auto keep = [&](std::size_t i, std::size_t count, V sum) HWY_ATTR {
    const V x = element(i, count);
    hn::Store(x, d, row + i);
    return hn::Add(sum, x);
  };
  std::size_t i = 0;
  for (; i + 4 * lanes <= width; i += 4 * lanes) {
    sum0 = keep(i, lanes, sum0);
    sum1 = keep(i + lanes, lanes, sum1);
    sum2 = keep(i + 2 * lanes, lanes, sum2);
    sum3 = keep(i + 3 * lanes, lanes, sum3);
  }
  for (; i < width; i += lanes) sum0 = keep(i, HWY_MIN(lanes, width - i), sum0);
  const auto inverse_width = hn::Set(d, 1.0f / static_cast<float>(width));
  const V total = hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3)));
  const V mean = hn::Mul(total, inverse_width);

  sum0 = sum1 = sum2 = sum3 = hn::Zero(d);
  const auto square = [&](std::size_t at, V sum) HWY_ATTR {
    const V centred = hn::Sub(hn::Load(d, row + at), mean);
    return hn::MulAdd(centred, centred, sum);
  };
  for (i = 0; i + 4 * lanes <= width; i += 4 * lanes) {
    sum0 = square(i, sum0);
    sum1 = square(i + lanes, sum1);
    sum2 = square(i + 2 * lanes, sum2);
    sum3 = square(i + 3 * lanes, sum3);
  }
  for (; i + lanes <= width; i += lanes) sum0 = square(i, sum0);
  if (i < width) {  // the zeros after the row are not part of it
    const V centred = hn::Sub(hn::Load(d, row + i), mean);
    const V inside = hn::IfThenElseZero(hn::FirstN(d, width - i), centred);
    sum0 = hn::MulAdd(inside, inside, sum0);
  }
  const V squares = hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3)));
  const V variance = hn::MulAdd(squares, inverse_width, hn::Set(d, epsilon));
  const V scale = hn::Div(hn::Set(d, 1.0f), hn::Sqrt(variance));

  for_vectors(d, width, [&](std::size_t at, std::size_t count) HWY_ATTR {
    const V centred = hn::Sub(hn::Load(d, row + at), mean);
    const V weight = hn::Mul(scale, load_any(d, gamma + at, count));
    store_any(d, hn::MulAdd(centred, weight, load_any(d, beta + at, count)), output + at, count);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(normalise_row);

void CpuBackend::do_layer_norm(const ops::LayerNorm& op) {
  const float* input = float32_data("layer_norm", op.input);
  const float* residual = float32_data("layer_norm", op.residual);
  float* output = float32_data("layer_norm", op.output);
  const auto width = static_cast<std::size_t>(op.input.columns);
  for (Scratch& scratch : scratch_) scratch.reserve(width + kVectorRoom);
  const auto kernel = HWY_DYNAMIC_DISPATCH(normalise_row);
  parallel_rows(workers_, op.input.rows, op.input.columns,
                [&](std::int64_t first, std::int64_t last, std::size_t worker) {
                  for (std::int64_t i = first; i < last; ++i) {
                    kernel(input + i * op.input.stride,
                           residual == nullptr ? nullptr : residual + i * op.residual.stride,
                           op.gamma.data, op.beta.data, op.epsilon, width, scratch_[worker].data(),
                           output + i * op.output.stride);
                  }
                });
}

}  // namespace virnucpro
#endif  // HWY_ONCE
