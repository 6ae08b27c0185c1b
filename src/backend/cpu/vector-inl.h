// Loads and stores of the last few elements, and of 16-bit types as float32; compiled once per
// instruction set.
#if defined(VIRNUCPRO_BACKEND_CPU_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VIRNUCPRO_BACKEND_CPU_VECTOR_INL_H_
#undef VIRNUCPRO_BACKEND_CPU_VECTOR_INL_H_
#else
#define VIRNUCPRO_BACKEND_CPU_VECTOR_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "tensor/float16.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The first `count` < Lanes(d) elements, zeros after them; reads nothing beyond.
template <class D>
HWY_INLINE hn::Vec<D> load_n(D d, const float* from, std::size_t count) {
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[hn::MaxLanes(d)] = {};
  std::memcpy(lanes, from, count * sizeof(float));
  return hn::Load(d, lanes);
#else
  return hn::MaskedLoad(hn::FirstN(d, count), d, from);
#endif
}

/// Writes the first `count` < Lanes(d) elements and nothing beyond.
template <class D>
HWY_INLINE void store_n(D d, hn::Vec<D> v, float* to, std::size_t count) {
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  std::memcpy(to, lanes, count * sizeof(float));
#else
  hn::BlendedStore(v, hn::FirstN(d, count), d, to);
#endif
}

/// Calls body(offset, lanes) for whole vectors and once for what is left of `count`, if anything.
/// `lanes` is Lanes(d) in all calls but the last.
template <class D, class Body>
HWY_INLINE void for_vectors(D d, std::size_t count, const Body& body) {
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) body(i, lanes);
  if (i < count) body(i, count - i);
}

template <class D>
HWY_INLINE hn::Vec<D> load_any(D d, const float* from, std::size_t count) {
  return count == hn::Lanes(d) ? hn::LoadU(d, from) : load_n(d, from, count);
}

template <class D>
HWY_INLINE void store_any(D d, hn::Vec<D> v, float* to, std::size_t count) {
  if (count == hn::Lanes(d)) {
    hn::StoreU(v, d, to);
  } else {
    store_n(d, v, to, count);
  }
}

template <class D>
HWY_INLINE hn::Vec<D> widen(D d, hn::Vec<hn::Rebind<std::uint16_t, D>> bits, Float16) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
  return hn::PromoteTo(d, hn::BitCast(hn::Rebind<hwy::float16_t, D>(), bits));
#else
  // Highway 1.0 emulates this without infinities and NaN; these are to_float(Float16)'s steps.
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  const auto half = hn::PromoteTo(du, bits);
  const auto sign = hn::ShiftLeft<16>(hn::And(half, hn::Set(du, 0x8000u)));
  const auto magnitude = hn::And(half, hn::Set(du, 0x7fffu));
  const auto normal = hn::Add(hn::ShiftLeft<13>(magnitude), hn::Set(du, 112u << 23));
  const auto special = hn::Or(hn::ShiftLeft<13>(magnitude), hn::Set(du, 0x7f800000u));
  const auto tiny = hn::BitCast(du, hn::Mul(hn::ConvertTo(d, hn::BitCast(di, magnitude)),
                                            hn::Set(d, 5.9604644775390625e-8f)));
  const auto signed_magnitude = hn::BitCast(di, magnitude);
  const auto is_tiny = hn::Lt(signed_magnitude, hn::Set(di, 0x400));
  const auto is_special = hn::Gt(signed_magnitude, hn::Set(di, 0x7bff));
  auto result = hn::IfThenElse(hn::RebindMask(du, is_tiny), tiny, normal);
  result = hn::IfThenElse(hn::RebindMask(du, is_special), special, result);
  return hn::BitCast(d, hn::Or(result, sign));
#endif
}

template <class D>
HWY_INLINE hn::Vec<D> widen(D d, hn::Vec<hn::Rebind<std::uint16_t, D>> bits, BFloat16) {
  const hn::RebindToUnsigned<D> du;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, bits)));
}

/// Round to nearest even with integer arithmetic, the same steps as to_float16(): Highway 1.0
/// truncates on the targets that lack the instruction.
template <class D>
HWY_INLINE hn::Vec<hn::Rebind<std::uint16_t, D>> narrow(D d, hn::Vec<D> v, Float16) {
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(du, v);
  const auto sign = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 0x8000u));
  const auto magnitude = hn::And(bits, hn::Set(du, 0x7fffffffu));
  const auto upper = hn::ShiftRight<13>(magnitude);
  const auto odd = hn::And(upper, hn::Set(du, 1u));
  // 0xfff - (112 << 23), modulo 2^32
  const auto rebias = hn::Set(du, 0xc8000fffu);
  const auto normal = hn::ShiftRight<13>(hn::Add(hn::Add(magnitude, rebias), odd));
  const auto aligned = hn::Add(hn::BitCast(d, magnitude), hn::Set(d, 0.5f));
  const auto tiny = hn::Sub(hn::BitCast(du, aligned), hn::Set(du, 0x3f000000u));
  const auto nan = hn::Or(hn::And(upper, hn::Set(du, 0x3ffu)), hn::Set(du, 0x7e00u));
  const auto order = hn::BitCast(di, magnitude);
  const auto is_tiny = hn::RebindMask(du, hn::Lt(order, hn::Set(di, 0x38800000)));
  const auto is_large = hn::RebindMask(du, hn::Gt(order, hn::Set(di, 0x477fefff)));
  const auto is_nan = hn::RebindMask(du, hn::Gt(order, hn::Set(di, 0x7f800000)));
  auto result = hn::IfThenElse(is_tiny, tiny, normal);
  result = hn::IfThenElse(is_large, hn::Set(du, 0x7c00u), result);
  result = hn::IfThenElse(is_nan, nan, result);
  return hn::TruncateTo(hn::Rebind<std::uint16_t, D>(), hn::Or(result, sign));
}

template <class D>
HWY_INLINE hn::Vec<hn::Rebind<std::uint16_t, D>> narrow(D /*d*/, hn::Vec<D> v, BFloat16) {
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(du, v);
  const auto upper = hn::ShiftRight<16>(bits);
  const auto odd = hn::And(upper, hn::Set(du, 1u));
  const auto rounded = hn::ShiftRight<16>(hn::Add(hn::Add(bits, hn::Set(du, 0x7fffu)), odd));
  const auto quiet = hn::Or(upper, hn::Set(du, 0x40u));
  const auto magnitude = hn::BitCast(di, hn::And(bits, hn::Set(du, 0x7fffffffu)));
  const auto is_nan = hn::RebindMask(du, hn::Gt(magnitude, hn::Set(di, 0x7f800000)));
  return hn::TruncateTo(hn::Rebind<std::uint16_t, D>(), hn::IfThenElse(is_nan, quiet, rounded));
}

/// `count` <= Lanes(d) elements of a 16-bit type, as float32.
template <class D, class Half>
HWY_INLINE hn::Vec<D> load_any(D d, const Half* from, std::size_t count) {
  const hn::Rebind<std::uint16_t, D> d16;
  HWY_ALIGN std::uint16_t lanes[hn::MaxLanes(d)] = {};
  if (count == hn::Lanes(d)) {
    return widen(d, hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(from)), Half());
  }
  // The bound is known to the caller but not to the compiler.
  std::memcpy(lanes, from, HWY_MIN(count, hn::MaxLanes(d)) * sizeof(Half));
  return widen(d, hn::LoadU(d16, lanes), Half());
}

template <class D, class Half>
HWY_INLINE void store_any(D d, hn::Vec<D> v, Half* to, std::size_t count) {
  const hn::Rebind<std::uint16_t, D> d16;
  const auto bits = narrow(d, v, Half());
  if (count == hn::Lanes(d)) {
    hn::StoreU(bits, d16, reinterpret_cast<std::uint16_t*>(to));
    return;
  }
  HWY_ALIGN std::uint16_t lanes[hn::MaxLanes(d)];
  hn::StoreU(bits, d16, lanes);
  std::memcpy(to, lanes, count * sizeof(Half));
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#endif  // VIRNUCPRO_BACKEND_CPU_VECTOR_INL_H_
