#include "backend/cpu/linear_kernels_cpu.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/linear_kernels_cpu.cc"
#include "hwy/foreach_target.h"
// foreach_target.h must come first.
#include "backend/cpu/math-inl.h"
#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename Half>
void widen_type(const void* from, float* HWY_RESTRICT to, std::size_t count) {
  const hn::ScalableTag<float> d;
  const auto* input = static_cast<const Half*>(from);
  for_vectors(d, count, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    store_any(d, load_any(d, input + i, lanes), to + i, lanes);
  });
}

void widen_float16(const void* from, float* to, std::size_t count) {
  widen_type<Float16>(from, to, count);
}

void widen_bfloat16(const void* from, float* to, std::size_t count) {
  widen_type<BFloat16>(from, to, count);
}

void narrow_bfloat16(const float* from, std::uint16_t* to, std::size_t count) {
  const hn::ScalableTag<float> d;
  auto* output = reinterpret_cast<BFloat16*>(to);
  for_vectors(d, count, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    store_any(d, load_any(d, from + i, lanes), output + i, lanes);
  });
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
