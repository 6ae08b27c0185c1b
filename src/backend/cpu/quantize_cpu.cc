#include "backend/cpu/quantize_cpu.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

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

/// The whole numbers of one vector: nearest(x * factor) + kOffset.
template <std::int32_t kOffset, class D, typename From>
HWY_INLINE hn::Vec<hn::RebindToSigned<D>> whole_numbers(D d, const From* row, std::size_t count,
                                                        hn::Vec<D> factor) {
  // Adding 1.5 * 2^23 leaves no bits for a fraction: the adder itself rounds to nearest even, and
  // the integer is the difference of the bits. (NearestInt is not exact just below 0.5 where
  // Highway 1.0 emulates it.)
  const hn::RebindToSigned<D> di;
  const auto shift = hn::Set(d, 12582912.0f);
  const auto shift_bits = hn::Sub(hn::BitCast(di, shift), hn::Set(di, kOffset));
  const auto scaled = hn::Mul(load_any(d, row, count), factor);
  return hn::Sub(hn::BitCast(di, hn::Add(scaled, shift)), shift_bits);
}

/// Quantises four vectors at a time to bytes, and returns how many values it took: where
/// Highway 1.0 narrows each vector by itself with several shuffles.
template <std::int32_t kOffset, typename From, typename To>
HWY_INLINE std::size_t quantize_fours(const From* row, std::size_t count, float factor, To* to) {
  std::size_t i = 0;
#if HWY_TARGET == HWY_AVX2
  const hn::ScalableTag<float> d;
  constexpr std::size_t kLanes = 8;
  const auto scale = hn::Set(d, factor);
  // Packing goes by halves of 128 bits: four values of each vector, then the other four of each.
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    const auto whole = [&](std::size_t vector) HWY_ATTR {
      return whole_numbers<kOffset>(d, row + i + vector * kLanes, kLanes, scale).raw;
    };
    const __m256i lower = _mm256_packs_epi32(whole(0), whole(1));
    const __m256i upper = _mm256_packs_epi32(whole(2), whole(3));
    const __m256i bytes =
        kOffset == 0 ? _mm256_packs_epi16(lower, upper) : _mm256_packus_epi16(lower, upper);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i),
                        _mm256_permutevar8x32_epi32(bytes, order));
  }
#else
  static_cast<void>(row);
  static_cast<void>(count);
  static_cast<void>(factor);
  static_cast<void>(to);
#endif
  return i;
}

template <typename From, typename To>
float quantize_as(const void* from, std::size_t count, To* HWY_RESTRICT to) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<To, decltype(d)> narrow_type;
  constexpr std::int32_t kOffset = std::is_same_v<To, std::uint8_t> ? 128 : 0;
  const auto* row = static_cast<const From*>(from);
  const RowScale scale = row_scale(largest_magnitude(row, count));
  if (scale.factor == 0.0f) {
    std::fill_n(to, count, static_cast<To>(kOffset));
    return scale.scale;
  }
  const auto factor = hn::Set(d, scale.factor);
  std::size_t taken = 0;
  if constexpr (sizeof(To) == 1) taken = quantize_fours<kOffset>(row, count, scale.factor, to);
  for_vectors(d, count - taken, [&](std::size_t offset, std::size_t lanes) HWY_ATTR {
    const std::size_t i = taken + offset;
    const auto narrowed =
        hn::DemoteTo(narrow_type, whole_numbers<kOffset>(d, row + i, lanes, factor));
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

float quantize_row_uint8(const void* from, DataType type, std::size_t count, std::uint8_t* to) {
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
HWY_EXPORT(quantize_row_uint8);
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

void quantize_rows(const ConstMatrix& from, std::uint8_t* to, std::size_t stride, float* scales) {
  each_row(from, to, stride, scales, HWY_DYNAMIC_DISPATCH(quantize_row_uint8));
}

void quantize_rows(const ConstMatrix& from, std::int16_t* to, std::size_t stride, float* scales) {
  each_row(from, to, stride, scales, HWY_DYNAMIC_DISPATCH(quantize_row_int16));
}

}  // namespace virnucpro
#endif  // HWY_ONCE
