#include "backend/cpu/gemm_cpu.h"

#include <cstring>
#include <type_traits>

#ifndef VIRNUCPRO_BACKEND_CPU_GEMM_CPU_CC_
#define VIRNUCPRO_BACKEND_CPU_GEMM_CPU_CC_

// Tiles live in registers only when the loops over them disappear.
#ifdef __clang__
#define VIRNUCPRO_UNROLL_TILE _Pragma("unroll")
#else
#define VIRNUCPRO_UNROLL_TILE _Pragma("GCC unroll 16")
#endif

#endif  // VIRNUCPRO_BACKEND_CPU_GEMM_CPU_CC_

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/gemm_cpu.cc"
#include "hwy/foreach_target.h"
// foreach_target.h must come first.
#include "backend/cpu/gemm_arithmetic-inl.h"
#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

GemmTile tile_shape() { return {kTileRows, hn::Lanes(hn::ScalableTag<float>())}; }

/// Keeps a tile's sums in memory.
struct KeepSums {
  template <class D, class V, std::size_t kVectors>
  HWY_INLINE void store(D d, const V (&tile)[kTileRows][kVectors], hn::TFromD<D>* sums,
                        std::size_t sums_stride) const {
    VIRNUCPRO_UNROLL_TILE
    for (std::size_t row = 0; row < kTileRows; ++row) {
      VIRNUCPRO_UNROLL_TILE
      for (std::size_t i = 0; i < kVectors; ++i) {
        hn::Store(tile[row][i], d, sums + row * sums_stride + i * hn::Lanes(d));
      }
    }
  }
};

/// Sends a tile's sums to the output: whole tiles from registers, edges from memory.
struct FinishSums {
  const GemmFinish& finish;
  std::size_t first_row;
  std::size_t first_column;
  std::size_t kept_padded;  // columns of finish.kept_packed

  /// The value of one vector of sums before bias and residual.
  template <class D>
  HWY_INLINE hn::Vec<D> value(D, hn::Vec<D> sums, std::size_t, hn::Vec<D>) const {
    return sums;
  }
  template <class D>
  HWY_INLINE hn::Vec<D> value(D d, hn::Vec<hn::RebindToSigned<D>> sums, std::size_t row,
                              hn::Vec<D> column_scale) const {
    const auto scale = hn::Mul(hn::Set(d, finish.row_scales[first_row + row]), column_scale);
    return hn::Mul(hn::ConvertTo(d, sums), scale);
  }

  /// Adds the columns kept in floats to `rows` x kVectors values, in order of depth.
  template <std::size_t kRows, std::size_t kVectors, class D, class V>
  HWY_INLINE void add_kept(D d, std::size_t row, std::size_t column, V (&values)[kRows][kVectors],
                           std::size_t strip) const {
    const std::size_t lanes = hn::Lanes(d);
    const std::size_t depth = finish.kept_depth;
    const std::size_t block = depth_block(depth);
    const float* kept = finish.kept + (first_row + row) * depth;
    for (std::size_t first = 0; first < depth; first += block) {
      const std::size_t count = HWY_MIN(block, depth - first);
      const float* factors =
          finish.kept_packed + first * kept_padded + first_column * count + column;
      for (std::size_t k = 0; k < count; ++k, factors += strip) {
        V right[kVectors];
        VIRNUCPRO_UNROLL_TILE
        for (std::size_t i = 0; i < kVectors; ++i) right[i] = hn::Load(d, factors + i * lanes);
        VIRNUCPRO_UNROLL_TILE
        for (std::size_t r = 0; r < kRows; ++r) {
          const V left = hn::Set(d, kept[r * depth + first + k]);
          VIRNUCPRO_UNROLL_TILE
          for (std::size_t i = 0; i < kVectors; ++i) {
            values[r][i] = hn::MulAdd(left, right[i], values[r][i]);
          }
        }
      }
    }
  }

  /// The first `count` lanes of one vector of values.
  template <class D>
  HWY_INLINE void send(D d, hn::Vec<D> v, std::size_t row, std::size_t column,
                       std::size_t count) const {
    const std::size_t r = first_row + row;
    const std::size_t c = first_column + column;
    if (finish.bias != nullptr) v = hn::Add(v, load_any(d, finish.bias + c, count));
    if (finish.residual != nullptr) {
      v = hn::Add(v, load_any(d, finish.residual + r * finish.residual_stride + c, count));
    }
    store_any(d, v, finish.output + r * finish.output_stride + c, count);
  }

  template <class DSums, class VSums, std::size_t kVectors>
  HWY_INLINE void store(DSums, const VSums (&tile)[kTileRows][kVectors], hn::TFromD<DSums>*,
                        std::size_t) const {
    const hn::ScalableTag<float> d;
    using V = hn::Vec<decltype(d)>;
    const std::size_t lanes = hn::Lanes(d);
    V values[kTileRows][kVectors];
    VIRNUCPRO_UNROLL_TILE
    for (std::size_t i = 0; i < kVectors; ++i) {
      const V scale = column_scale<DSums>(d, i * lanes, lanes);
      VIRNUCPRO_UNROLL_TILE
      for (std::size_t row = 0; row < kTileRows; ++row) {
        values[row][i] = value(d, tile[row][i], row, scale);
      }
    }
    if constexpr (is_whole<DSums>()) {
      if (finish.kept_depth > 0) add_kept(d, 0, 0, values, kVectors * lanes);
    }
    VIRNUCPRO_UNROLL_TILE
    for (std::size_t row = 0; row < kTileRows; ++row) {
      VIRNUCPRO_UNROLL_TILE
      for (std::size_t i = 0; i < kVectors; ++i) {
        send(d, values[row][i], row, i * lanes, lanes);
      }
    }
  }

  /// The first `rows` rows and `columns` columns of a tile whose sums are in memory; its strip has
  /// `strip` columns.
  template <typename Sum>
  HWY_INLINE void send_edge(const Sum* sums, std::size_t sums_stride, std::size_t rows,
                            std::size_t columns, std::size_t strip) const {
    const hn::ScalableTag<float> d;
    const hn::Rebind<Sum, decltype(d)> d_sums;
    for (std::size_t row = 0; row < rows; ++row) {
      for_vectors(d, columns, [&](std::size_t column, std::size_t lanes) HWY_ATTR {
        const auto sum = hn::Load(d_sums, sums + row * sums_stride + column);
        hn::Vec<decltype(d)> values[1][1] = {
            {value(d, sum, row, column_scale<decltype(d_sums)>(d, column, lanes))}};
        if constexpr (is_whole<decltype(d_sums)>()) {
          if (finish.kept_depth > 0) add_kept(d, row, column, values, strip);
        }
        send(d, values[0][0], row, column, lanes);
      });
    }
  }

 private:
  template <class DSums>
  static constexpr bool is_whole() {
    return std::is_same_v<hn::TFromD<DSums>, std::int32_t>;
  }

  /// Float sums have none.
  template <class DSums, class D>
  HWY_INLINE hn::Vec<D> column_scale(D d, std::size_t column, std::size_t count) const {
    if constexpr (is_whole<DSums>()) {
      return load_any(d, finish.column_scales + first_column + column, count);
    } else {
      return hn::Zero(d);
    }
  }
};

/// A register tile: sums[kTileRows, kVectors vectors] = before + rows[kTileRows, depth] *
/// strip[depth, the same], stored by `out`. Before: the sums themselves; or `start`, of each
/// column; or, where that is null, zero.
template <class Arithmetic, std::size_t kVectors, bool kAccumulate, class Out, class Element,
          class Sum>
HWY_INLINE void multiply_tile(const Element* HWY_RESTRICT rows, std::size_t stride,
                              const Element* HWY_RESTRICT strip, std::size_t depth,
                              const Sum* start, Sum* sums, std::size_t sums_stride,
                              const Out& out) {
  const typename Arithmetic::Sums d;
  const hn::Rebind<Element, decltype(d)> d_elements;
  using V = hn::Vec<decltype(d)>;
  using Operand = typename Arithmetic::Operand;
  const std::size_t lanes = hn::Lanes(d);
  V tile[kTileRows][kVectors];
  VIRNUCPRO_UNROLL_TILE
  for (std::size_t column = 0; column < kVectors; ++column) {
    const V first = start == nullptr ? hn::Zero(d) : hn::Load(d, start + column * lanes);
    VIRNUCPRO_UNROLL_TILE
    for (std::size_t row = 0; row < kTileRows; ++row) {
      tile[row][column] =
          kAccumulate ? hn::Load(d, sums + row * sums_stride + column * lanes) : first;
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    Operand right[kVectors];
    VIRNUCPRO_UNROLL_TILE
    for (std::size_t column = 0; column < kVectors; ++column) {
      right[column] = hn::Load(d_elements, strip + column * lanes);
    }
    strip += kVectors * lanes;
    VIRNUCPRO_UNROLL_TILE
    for (std::size_t row = 0; row < kTileRows; ++row) {
      const Operand left = hn::Set(d_elements, rows[row * stride + k]);
      VIRNUCPRO_UNROLL_TILE
      for (std::size_t column = 0; column < kVectors; ++column) {
        tile[row][column] = Arithmetic::multiply_add(left, right[column], tile[row][column]);
      }
    }
  }
  out.store(d, tile, sums, sums_stride);
}

template <class Arithmetic, std::size_t kVectors, class Out, class Element, class Sum>
HWY_INLINE void multiply_tile(bool accumulate, const Element* rows, std::size_t stride,
                              const Element* strip, std::size_t depth, const Sum* start, Sum* sums,
                              std::size_t sums_stride, const Out& out) {
  if (accumulate) {
    multiply_tile<Arithmetic, kVectors, true>(rows, stride, strip, depth, start, sums, sums_stride,
                                              out);
  } else {
    multiply_tile<Arithmetic, kVectors, false>(rows, stride, strip, depth, start, sums, sums_stride,
                                               out);
  }
}

/// Copies the rows after the last whole tile to p.tail and adds rows of zeros: one code path serves
/// all rows.
template <class Product>
void fill_tail(const Product& p, std::size_t whole_rows) {
  for (std::size_t row = whole_rows; row < p.rows; ++row) {
    std::memcpy(p.tail + (row - whole_rows) * p.depth, p.input + row * p.input_stride,
                p.depth * sizeof(*p.input));
  }
  std::memset(p.tail + (p.rows - whole_rows) * p.depth, 0,
              (whole_rows + kTileRows - p.rows) * p.depth * sizeof(*p.input));
}

/// One block of depth, [first, first + depth), times the strip of kVectors vectors from `column`
/// on.
template <class Arithmetic, std::size_t kVectors, class Product>
HWY_INLINE void multiply_strip(const Product& p, std::size_t first, std::size_t depth,
                               std::size_t column) {
  using Element = typename Arithmetic::Element;
  using Sum = hn::TFromD<typename Arithmetic::Sums>;
  const std::size_t columns = kVectors * hn::Lanes(typename Arithmetic::Sums());
  const std::size_t whole_rows = p.rows / kTileRows * kTileRows;
  const bool is_last = first + depth == p.depth;
  const Element* strip = p.packed + first * p.padded_width + column * depth;
  const Sum* start = p.start == nullptr ? nullptr : p.start + column;
  for (std::size_t row = 0; row < p.rows; row += kTileRows) {
    const bool is_tail = row == whole_rows;
    const Element* rows = is_tail ? p.tail + first : p.input + row * p.input_stride + first;
    const std::size_t stride = is_tail ? p.depth : p.input_stride;
    Sum* sums = p.sums + row * p.padded_width + column;
    const FinishSums to{p.finish, row, column, p.padded_width};
    if (is_last && !is_tail && column + columns <= p.finish.columns) {
      multiply_tile<Arithmetic, kVectors>(first > 0, rows, stride, strip, depth, start, sums,
                                          p.padded_width, to);
      continue;
    }
    multiply_tile<Arithmetic, kVectors>(first > 0, rows, stride, strip, depth, start, sums,
                                        p.padded_width, KeepSums());
    if (is_last) {
      to.send_edge(sums, p.padded_width, HWY_MIN(kTileRows, p.rows - row),
                   HWY_MIN(columns, p.finish.columns - column), columns);
    }
  }
}

template <class Arithmetic, class Product>
HWY_INLINE void multiply(const Product& p) {
  const std::size_t columns = strip_columns();
  const std::size_t block = depth_block(p.depth);
  const std::size_t whole_rows = p.rows / kTileRows * kTileRows;
  if (whole_rows < p.rows) fill_tail(p, whole_rows);
  for (std::size_t first = 0; first < p.depth; first += block) {
    const std::size_t depth = HWY_MIN(block, p.depth - first);
    std::size_t column = 0;
    for (; column + columns <= p.padded_width; column += columns) {
      multiply_strip<Arithmetic, kTileVectors>(p, first, depth, column);
    }
    if (column < p.padded_width) multiply_strip<Arithmetic, 1>(p, first, depth, column);
  }
}
static_assert(kTileVectors == 2, "a last strip is half as wide as the others");

void multiply_floats(const GemmFloats& product) { multiply<FloatArithmetic>(product); }
void multiply_pairs(const GemmWholes& product) { multiply<PairArithmetic>(product); }
void multiply_quads(const GemmWholes& product) { multiply<QuadArithmetic>(product); }
void multiply_bfloat16(const GemmBFloat16& product) { multiply<BFloat16Arithmetic>(product); }

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(tile_shape);
HWY_EXPORT(multiply_floats);
HWY_EXPORT(multiply_pairs);
HWY_EXPORT(multiply_quads);
HWY_EXPORT(multiply_bfloat16);

GemmTile gemm_tile() { return HWY_DYNAMIC_DISPATCH(tile_shape)(); }

std::size_t gemm_padded_width(std::size_t width) {
  const std::size_t columns = gemm_tile().columns;
  return (width + columns - 1) / columns * columns;
}

void gemm_floats(const GemmFloats& product) { HWY_DYNAMIC_DISPATCH(multiply_floats)(product); }
void gemm_pairs(const GemmWholes& product) { HWY_DYNAMIC_DISPATCH(multiply_pairs)(product); }
void gemm_quads(const GemmWholes& product) { HWY_DYNAMIC_DISPATCH(multiply_quads)(product); }
void gemm_bfloat16(const GemmBFloat16& product) {
  HWY_DYNAMIC_DISPATCH(multiply_bfloat16)(product);
}

}  // namespace virnucpro
#endif  // HWY_ONCE
