// gated_gelu: gelu of the first half of a row times its second half.
#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/float32_operands.h"
#include "backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/gated_gelu_cpu.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/math-inl.h"
#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

void gate_row(const float* input, std::size_t width, float* output) {
  const hn::ScalableTag<float> d;
  for_vectors(d, width, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    const auto activated = gelu(d, load_any(d, input + i, lanes));
    store_any(d, hn::Mul(activated, load_any(d, input + width + i, lanes)), output + i, lanes);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(gate_row);

void CpuBackend::do_gated_gelu(const ops::GatedGelu& op) {
  const float* input = float32_data("gated_gelu", op.input);
  float* output = float32_data("gated_gelu", op.output);
  const auto kernel = HWY_DYNAMIC_DISPATCH(gate_row);
  parallel_rows(workers_, op.output.rows, op.output.columns,
                [&](std::int64_t first, std::int64_t last, std::size_t) {
                  for (std::int64_t i = first; i < last; ++i) {
                    kernel(input + i * op.input.stride, static_cast<std::size_t>(op.output.columns),
                           output + i * op.output.stride);
                  }
                });
}

}  // namespace virnucpro
#endif  // HWY_ONCE
