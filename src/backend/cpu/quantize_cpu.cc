#include "backend/cpu/quantize_cpu.h"

#include <bit>
#include <cstring>

#include "base/check.h"
#include "tensor/quantize.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/quantize_cpu.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

/// The largest magnitude of the row. Float32 bits without their sign are ordered like their values,
/// with infinity and NaN above all others, so that neither is lost on the way.
template <typename From>
HWY_INLINE float largest_magnitude(const From* row, std::size_t count) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  auto largest = hn::Zero(di);
  for_vectors(d, count, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    largest = hn::Max(largest, hn::BitCast(di, hn::Abs(load_any(d, row + i, lanes))));
  });
  return std::bit_cast<float>(hn::GetLane(hn::MaxOfLanes(di, largest)));
}

template <typename From, typename To>
float quantize_as(const void* from, std::size_t count, To* HWY_RESTRICT to) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<To, decltype(d)> narrow_type;
  const auto* row = static_cast<const From*>(from);
  const RowScale scale = row_scale(largest_magnitude(row, count));
  if (scale.factor == 0.0f) {
    std::memset(to, 0, count * sizeof(To));
    return scale.scale;
  }
  const auto factor = hn::Set(d, scale.factor);
  // Adding 1.5 * 2^23 leaves no bits for a fraction: the adder itself rounds to nearest even, and
  // the integer is the difference of the bits. (NearestInt is not exact just below 0.5 where
  // Highway 1.0 emulates it.)
  const auto shift = hn::Set(d, 12582912.0f);
  const auto shift_bits = hn::BitCast(di, shift);
  for_vectors(d, count, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    const auto scaled = hn::Mul(load_any(d, row + i, lanes), factor);
    const auto q = hn::Sub(hn::BitCast(di, hn::Add(scaled, shift)), shift_bits);
    const auto narrowed = hn::DemoteTo(narrow_type, q);
    if (lanes >= hn::Lanes(d)) {
      hn::StoreU(narrowed, narrow_type, to + i);
      return;
    }
    HWY_ALIGN To rest[hn::MaxLanes(d)];
    hn::StoreU(narrowed, narrow_type, rest);
    std::memcpy(to + i, rest, lanes * sizeof(To));
  });
  return scale.scale;
}

template <typename To>
HWY_INLINE float quantize_row_of(const void* from, DataType type, std::size_t count, To* to) {
  switch (type) {
    case DataType::kFloat16:
      return quantize_as<Float16>(from, count, to);
    case DataType::kBFloat16:
      return quantize_as<BFloat16>(from, count, to);
    default:  // checked: floating
      return quantize_as<float>(from, count, to);
  }
}

float quantize_row_int8(const void* from, DataType type, std::size_t count, std::int8_t* to) {
  return quantize_row_of(from, type, count, to);
}

float quantize_row_int16(const void* from, DataType type, std::size_t count, std::int16_t* to) {
  return quantize_row_of(from, type, count, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {
namespace {

HWY_EXPORT(quantize_row_int8);
HWY_EXPORT(quantize_row_int16);

template <typename To, typename Kernel>
void each_row(const ConstMatrix& from, To* to, std::size_t stride, float* scales, Kernel kernel) {
  check(is_floating(from.type), "quantize_rows of a {} matrix", name_of(from.type));
  const auto* rows = static_cast<const std::byte*>(from.data);
  const auto row_bytes = static_cast<std::size_t>(from.stride) * size_of(from.type);
  const auto columns = static_cast<std::size_t>(from.columns);
  for (std::size_t i = 0; i < static_cast<std::size_t>(from.rows); ++i) {
    scales[i] = kernel(rows + i * row_bytes, from.type, columns, to + i * stride);
  }
}

}  // namespace

void quantize_rows(const ConstMatrix& from, std::int8_t* to, std::size_t stride, float* scales) {
  each_row(from, to, stride, scales, HWY_DYNAMIC_DISPATCH(quantize_row_int8));
}

void quantize_rows(const ConstMatrix& from, std::int16_t* to, std::size_t stride, float* scales) {
  each_row(from, to, stride, scales, HWY_DYNAMIC_DISPATCH(quantize_row_int16));
}

}  // namespace virnucpro
#endif  // HWY_ONCE
