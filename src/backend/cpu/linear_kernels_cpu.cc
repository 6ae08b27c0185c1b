#include "backend/cpu/linear_kernels_cpu.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/linear_kernels_cpu.cc"
#include "hwy/foreach_target.h"
// foreach_target.h must come first.
#include "backend/cpu/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
void widen_type(const T* HWY_RESTRICT from, float* HWY_RESTRICT to, std::size_t count) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<T, decltype(d)> narrow;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::PromoteTo(d, hn::LoadU(narrow, from + i)), d, to + i);
  }
  const hn::CappedTag<float, 1> one;
  const hn::Rebind<T, decltype(one)> narrow_one;
  for (; i < count; ++i) {
    hn::StoreU(hn::PromoteTo(one, hn::LoadU(narrow_one, from + i)), one, to + i);
  }
}

void widen_float16(const void* from, float* to, std::size_t count) {
  widen_type(static_cast<const hwy::float16_t*>(from), to, count);
}

void widen_bfloat16(const void* from, float* to, std::size_t count) {
  widen_type(static_cast<const hwy::bfloat16_t*>(from), to, count);
}

void narrow_bfloat16(const float* HWY_RESTRICT from, std::uint16_t* HWY_RESTRICT to,
                     std::size_t count) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::Rebind<std::uint16_t, decltype(d)> narrow;
  const std::size_t lanes = hn::Lanes(d);
  // Nearest even by integer addition, as tensor/float16.h; DemoteTo alone would truncate.
  const auto round = [](auto tag, auto bits) {
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(tag, 1u));
    return hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(tag, 0x7fffu))));
  };
  const auto quiet = [](auto tag, auto bits) {
    return hn::Or(hn::ShiftRight<16>(bits), hn::Set(tag, 0x40u));
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::LoadU(d, from + i);
    const auto bits = hn::BitCast(du, value);
    const auto is_nan = hn::RebindMask(du, hn::IsNaN(value));
    const auto rounded = hn::IfThenElse(is_nan, quiet(du, bits), round(du, bits));
    const hn::RebindToSigned<decltype(du)> di;
    hn::StoreU(hn::DemoteTo(narrow, hn::BitCast(di, rounded)), narrow, to + i);
  }
  for (; i < count; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, from + i, sizeof(bits));
    const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
    to[i] = static_cast<std::uint16_t>(is_nan ? (bits >> 16) | 0x40u
                                              : (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
  }
}

template <ops::Activation kActivation>
void epilogue(const EpilogueTile& tile) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto activate = [](auto tag, auto v) {
    if constexpr (kActivation == ops::Activation::kGelu) {
      return HWY_NAMESPACE::gelu(tag, v);
    } else if constexpr (kActivation == ops::Activation::kRelu) {
      // As max(v, 0), but NaN stays NaN.
      return hn::IfThenZeroElse(hn::Lt(v, hn::Zero(tag)), v);
    } else {
      return v;
    }
  };
  for (std::size_t r = 0; r < tile.rows; ++r) {
    const float* sums = tile.sums + r * tile.sums_stride;
    const float* residual =
        tile.residual == nullptr ? nullptr : tile.residual + r * tile.residual_stride;
    float* output = tile.output + r * tile.output_stride;
    std::size_t c = 0;
    for (; c + lanes <= tile.columns; c += lanes) {
      auto v = hn::LoadU(d, sums + c);
      if (tile.bias != nullptr) v = hn::Add(v, hn::LoadU(d, tile.bias + c));
      v = activate(d, v);
      if (residual != nullptr) v = hn::Add(v, hn::LoadU(d, residual + c));
      hn::StoreU(v, d, output + c);
    }
    const hn::CappedTag<float, 1> one;
    for (; c < tile.columns; ++c) {
      auto v = hn::LoadU(one, sums + c);
      if (tile.bias != nullptr) v = hn::Add(v, hn::LoadU(one, tile.bias + c));
      v = activate(one, v);
      if (residual != nullptr) v = hn::Add(v, hn::LoadU(one, residual + c));
      hn::StoreU(v, one, output + c);
    }
  }
}

void epilogue_none(const EpilogueTile& tile) { epilogue<ops::Activation::kNone>(tile); }
void epilogue_gelu(const EpilogueTile& tile) { epilogue<ops::Activation::kGelu>(tile); }
void epilogue_relu(const EpilogueTile& tile) { epilogue<ops::Activation::kRelu>(tile); }

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(widen_float16);
HWY_EXPORT(widen_bfloat16);
HWY_EXPORT(narrow_bfloat16);
HWY_EXPORT(epilogue_none);
HWY_EXPORT(epilogue_gelu);
HWY_EXPORT(epilogue_relu);

void widen(const void* from, DataType type, float* to, std::size_t count) {
  if (type == DataType::kFloat16) {
    HWY_DYNAMIC_DISPATCH(widen_float16)(from, to, count);
  } else if (type == DataType::kBFloat16) {
    HWY_DYNAMIC_DISPATCH(widen_bfloat16)(from, to, count);
  } else {
    std::memcpy(to, from, count * sizeof(float));
  }
}

void narrow_to_bfloat16(const float* from, std::uint16_t* to, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(narrow_bfloat16)(from, to, count);
}

void apply_epilogue(const EpilogueTile& tile) {
  switch (tile.activation) {
    case ops::Activation::kNone:
      return HWY_DYNAMIC_DISPATCH(epilogue_none)(tile);
    case ops::Activation::kGelu:
      return HWY_DYNAMIC_DISPATCH(epilogue_gelu)(tile);
    case ops::Activation::kRelu:
      return HWY_DYNAMIC_DISPATCH(epilogue_relu)(tile);
  }
}

}  // namespace virnucpro
#endif  // HWY_ONCE
