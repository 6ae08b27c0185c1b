// rotary: queries and keys rotated in place, half-split form.
#include <algorithm>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/float32_operands.h"
#include "backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/rotary_cpu.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

/// (u, v) -> (u cos - v sin, v cos + u sin) of one vector of pairs, both scaled first.
template <class D>
HWY_INLINE void rotate_vector(D d, float* u_at, float* v_at, const float* cosine, const float* sine,
                              float scale, std::size_t lanes) {
  const auto factor = hn::Set(d, scale);
  const auto u = hn::Mul(factor, load_any(d, u_at, lanes));
  const auto v = hn::Mul(factor, load_any(d, v_at, lanes));
  const auto c = load_any(d, cosine, lanes);
  const auto s = load_any(d, sine, lanes);
  store_any(d, hn::NegMulAdd(v, s, hn::Mul(u, c)), u_at, lanes);
  store_any(d, hn::MulAdd(u, s, hn::Mul(v, c)), v_at, lanes);
}

/// `heads` heads of one row, `half` pairs each.
void rotate_row(float* row, std::size_t heads, std::size_t half, const float* cosine,
                const float* sine, float scale) {
  const hn::ScalableTag<float> d;
  for (std::size_t head = 0; head < heads; ++head) {
    float* u = row + head * 2 * half;
    for_vectors(d, half, [&](std::size_t j, std::size_t lanes) HWY_ATTR {
      rotate_vector(d, u + j, u + half + j, cosine + j, sine + j, scale, lanes);
    });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(rotate_row);

void CpuBackend::do_rotary(const ops::Rotary& op) {
  float* qkv = float32_data("rotary", op.qkv);
  const std::int64_t head_width = op.qkv.columns / (3 * op.heads);
  const std::int64_t half = head_width / 2;
  std::int64_t longest = 0;
  for (std::int64_t s = 0; s < op.sequences.count(); ++s) {
    longest = std::max(longest, op.sequences.length(s));
  }
  const RotaryTable& table = rotary_tables_.get(head_width, longest);
  const auto kernel = HWY_DYNAMIC_DISPATCH(rotate_row);
  parallel_for(workers_, op.sequences.count(), [&](std::size_t task, std::size_t) {
    const auto s = static_cast<std::int64_t>(task);
    const auto heads = static_cast<std::size_t>(op.heads);
    for (std::int64_t position = 0; position < op.sequences.length(s); ++position) {
      float* row = qkv + (op.sequences.begin(s) + position) * op.qkv.stride;
      const float* cosine = table.cosine.data() + position * half;
      const float* sine = table.sine.data() + position * half;
      kernel(row, heads, static_cast<std::size_t>(half), cosine, sine, op.query_scale);
      kernel(row + op.heads * head_width, heads, static_cast<std::size_t>(half), cosine, sine,
             1.0f);
    }
  });
}

}  // namespace virnucpro
#endif  // HWY_ONCE
