// convert: any pair of floating types, vector by vector through float32.
#include <cstring>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/convert_cpu.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

template <typename From, typename To>
void convert_as(const void* from, std::size_t width, void* to) {
  const hn::ScalableTag<float> d;
  const auto* input = static_cast<const From*>(from);
  auto* output = static_cast<To*>(to);
  for_vectors(d, width, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    store_any(d, load_any(d, input + i, lanes), output + i, lanes);
  });
}

template <typename From>
void convert_from(const void* from, std::size_t width, DataType type, void* to) {
  switch (type) {
    case DataType::kFloat16:
      return convert_as<From, Float16>(from, width, to);
    case DataType::kBFloat16:
      return convert_as<From, BFloat16>(from, width, to);
    default:  // validated: floating
      return convert_as<From, float>(from, width, to);
  }
}

void convert_row(const void* from, DataType from_type, std::size_t width, void* to,
                 DataType to_type) {
  switch (from_type) {
    case DataType::kFloat16:
      return convert_from<Float16>(from, width, to_type, to);
    case DataType::kBFloat16:
      return convert_from<BFloat16>(from, width, to_type, to);
    default:  // validated: floating
      return convert_from<float>(from, width, to_type, to);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(convert_row);

void CpuBackend::do_convert(const ops::Convert& op) {
  const auto* input = static_cast<const std::byte*>(op.input.data);
  auto* output = static_cast<std::byte*>(op.output.data);
  const auto width = static_cast<std::size_t>(op.input.columns);
  const auto input_stride = static_cast<std::size_t>(op.input.stride) * size_of(op.input.type);
  const auto output_stride = static_cast<std::size_t>(op.output.stride) * size_of(op.output.type);
  const auto kernel = HWY_DYNAMIC_DISPATCH(convert_row);
  parallel_rows(workers_, op.input.rows, op.input.columns,
                [&](std::int64_t first, std::int64_t last, std::size_t) {
                  for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last);
                       ++i) {
                    kernel(input + i * input_stride, op.input.type, width,
                           output + i * output_stride, op.output.type);
                  }
                });
}

}  // namespace virnucpro
#endif  // HWY_ONCE
