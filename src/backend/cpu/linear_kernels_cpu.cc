#include "backend/cpu/linear_kernels_cpu.h"

#include "base/check.h"

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

void narrow_bfloat16(const float* from, std::uint16_t* to, std::size_t count) {
  const hn::ScalableTag<float> d;
  auto* output = reinterpret_cast<BFloat16*>(to);
  for_vectors(d, count, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    store_any(d, load_any(d, from + i, lanes), output + i, lanes);
  });
}

template <typename From>
void split_as(const void* from, std::uint16_t* high, std::uint16_t* low, std::size_t count) {
  const hn::ScalableTag<float> d;
  const auto* input = static_cast<const From*>(from);
  for_vectors(d, count, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    const auto v = load_any(d, input + i, lanes);
    const auto upper = widen(d, narrow(d, v, BFloat16()), BFloat16());
    store_any(d, upper, reinterpret_cast<BFloat16*>(high) + i, lanes);
    store_any(d, hn::Sub(v, upper), reinterpret_cast<BFloat16*>(low) + i, lanes);
  });
}

void split_float32(const void* from, std::uint16_t* high, std::uint16_t* low, std::size_t count) {
  split_as<float>(from, high, low, count);
}
void split_float16(const void* from, std::uint16_t* high, std::uint16_t* low, std::size_t count) {
  split_as<Float16>(from, high, low, count);
}

/// `count` <= Lanes(d) sums of row r from column c on.
template <bool kQuantized, class D>
HWY_INLINE hn::Vec<D> load_sums(D d, const EpilogueTile& tile, std::size_t r, std::size_t c) {
  if constexpr (kQuantized) {
    const hn::RebindToSigned<D> di;
    const auto sums = hn::LoadU(di, tile.quantized_sums + r * tile.sums_stride + c);
    const auto scale =
        hn::Mul(hn::Set(d, tile.row_scales[r]), hn::LoadU(d, tile.column_scales + c));
    const auto product = hn::Mul(hn::ConvertTo(d, sums), scale);
    if (tile.kept_sums == nullptr) return product;
    return hn::Add(product, hn::LoadU(d, tile.kept_sums + r * tile.kept_stride + c));
  } else {
    return hn::LoadU(d, tile.sums + r * tile.sums_stride + c);
  }
}

template <bool kQuantized, ops::Activation kActivation>
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
    const float* residual =
        tile.residual == nullptr ? nullptr : tile.residual + r * tile.residual_stride;
    float* output = tile.output + r * tile.output_stride;
    const auto one_vector = [&](auto tag, std::size_t c) HWY_ATTR {
      auto v = load_sums<kQuantized>(tag, tile, r, c);
      if (tile.bias != nullptr) v = hn::Add(v, hn::LoadU(tag, tile.bias + c));
      v = activate(tag, v);
      if (residual != nullptr) v = hn::Add(v, hn::LoadU(tag, residual + c));
      hn::StoreU(v, tag, output + c);
    };
    std::size_t c = 0;
    for (; c + lanes <= tile.columns; c += lanes) one_vector(d, c);
    const hn::CappedTag<float, 1> one;
    for (; c < tile.columns; ++c) one_vector(one, c);
  }
}

template <ops::Activation kActivation>
HWY_INLINE void epilogue_of(const EpilogueTile& tile) {
  if (tile.quantized_sums != nullptr) return epilogue<true, kActivation>(tile);
  epilogue<false, kActivation>(tile);
}

void epilogue_none(const EpilogueTile& tile) { epilogue_of<ops::Activation::kNone>(tile); }
void epilogue_gelu(const EpilogueTile& tile) { epilogue_of<ops::Activation::kGelu>(tile); }
void epilogue_relu(const EpilogueTile& tile) { epilogue_of<ops::Activation::kRelu>(tile); }

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(narrow_bfloat16);
HWY_EXPORT(split_float32);
HWY_EXPORT(split_float16);
HWY_EXPORT(epilogue_none);
HWY_EXPORT(epilogue_gelu);
HWY_EXPORT(epilogue_relu);

void narrow_to_bfloat16(const float* from, std::uint16_t* to, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(narrow_bfloat16)(from, to, count);
}

void split_bfloat16(const void* from, DataType type, std::uint16_t* high, std::uint16_t* low,
                    std::size_t count) {
  if (type == DataType::kFloat16)
    return HWY_DYNAMIC_DISPATCH(split_float16)(from, high, low, count);
  check(type == DataType::kFloat32, "split_bfloat16 of {}", name_of(type));
  HWY_DYNAMIC_DISPATCH(split_float32)(from, high, low, count);
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
