// embedding_lookup: rows of a table of any floating type, scaled, as float32.
#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/float32_operands.h"
#include "backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/embedding_lookup_cpu.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

/// to[i] = scale * (row[i] + addend[i]); addend may be null.
template <typename T>
void scale_row(const T* row, const float* addend, float scale, std::size_t width, float* to) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, scale);
  for_vectors(d, width, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    auto v = load_any(d, row + i, lanes);
    if (addend != nullptr) v = hn::Add(v, load_any(d, addend + i, lanes));
    store_any(d, hn::Mul(factor, v), to + i, lanes);
  });
}

void scale_row_f32(const float* row, const float* addend, float scale, std::size_t width,
                   float* to) {
  scale_row(row, addend, scale, width, to);
}

void scale_row_f16(const Float16* row, const float* addend, float scale, std::size_t width,
                   float* to) {
  scale_row(row, addend, scale, width, to);
}

void scale_row_bf16(const BFloat16* row, const float* addend, float scale, std::size_t width,
                    float* to) {
  scale_row(row, addend, scale, width, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(scale_row_f32);
HWY_EXPORT(scale_row_f16);
HWY_EXPORT(scale_row_bf16);

void CpuBackend::do_embedding_lookup(const ops::EmbeddingLookup& op) {
  float* output = float32_data("embedding_lookup", op.output);
  const auto width = static_cast<std::size_t>(op.table.columns);
  const float* addend = op.addend.data;
  const auto lookup = [&](const auto* table, const auto kernel) {
    parallel_rows(workers_, op.ids.size, op.table.columns,
                  [&](std::int64_t first, std::int64_t last, std::size_t) {
                    for (std::int64_t i = first; i < last; ++i) {
                      kernel(table + op.ids.data[i] * op.table.stride, addend, op.scale, width,
                             output + i * op.output.stride);
                    }
                  });
  };
  switch (op.table.type) {
    case DataType::kFloat16:
      return lookup(static_cast<const Float16*>(op.table.data),
                    HWY_DYNAMIC_DISPATCH(scale_row_f16));
    case DataType::kBFloat16:
      return lookup(static_cast<const BFloat16*>(op.table.data),
                    HWY_DYNAMIC_DISPATCH(scale_row_bf16));
    default:  // validated: floating
      return lookup(static_cast<const float*>(op.table.data), HWY_DYNAMIC_DISPATCH(scale_row_f32));
  }
}

}  // namespace virnucpro
#endif  // HWY_ONCE
