#include "backend/cpu/gemm_cpu.h"

#include <algorithm>
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

namespace virnucpro {

// Bytes of a strip that stay in L1 (32 KB at least on every current processor), beside the rows
// that stream past.
inline constexpr std::size_t kStripBytes = std::size_t{20} * 1024;

/// Elements of `depth` in one block. Blocks are equal; the last one may be a few elements shorter.
inline std::size_t gemm_block(std::size_t depth, std::size_t strip_columns) {
  const std::size_t most = kStripBytes / (4 * strip_columns);
  const std::size_t blocks = (depth + most - 1) / most;
  return blocks == 0 ? 1 : (depth + blocks - 1) / blocks;
}

}  // namespace virnucpro
#endif  // VIRNUCPRO_BACKEND_CPU_GEMM_CPU_CC_

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/gemm_cpu.cc"
#include "hwy/foreach_target.h"
// foreach_target.h must come first.
#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The sums fill the vector registers except for the operands: 12 x 2 of 32, or 6 x 2 of 16. Both
// hide the latency of the fused multiply-add (4 cycles, 2 per cycle).
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
constexpr std::size_t kTileRows = 6;
#else
constexpr std::size_t kTileRows = 12;
#endif
constexpr std::size_t kTileVectors = 2;

std::size_t strip_columns() { return kTileVectors * hn::Lanes(hn::ScalableTag<float>()); }

GemmTile tile_shape() { return {kTileRows, hn::Lanes(hn::ScalableTag<float>())}; }

/// Products of float32, summed with fused multiply-adds.
struct FloatArithmetic {
  using Element = float;
  using D = hn::ScalableTag<float>;
  using V = hn::Vec<D>;
  static HWY_INLINE V multiply_add(V left, V right, V sum) { return hn::MulAdd(left, right, sum); }
};

/// Products of int16 pairs, both added to the int32 sum of their lane.
struct PairArithmetic {
  using Element = std::int32_t;
  using D = hn::ScalableTag<std::int32_t>;
  using V = hn::Vec<D>;
  static HWY_INLINE V multiply_add(V left, V right, V sum) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
    const hn::Repartition<std::int16_t, D> d16;
    V unused = sum;
    return hn::ReorderWidenMulAccumulate(D(), hn::BitCast(d16, left), hn::BitCast(d16, right), sum,
                                         unused);
#else
    const auto lower = [&](V v) HWY_ATTR { return hn::ShiftRight<16>(hn::ShiftLeft<16>(v)); };
    const auto upper = [&](V v) HWY_ATTR { return hn::ShiftRight<16>(v); };
    sum = hn::Add(sum, hn::Mul(lower(left), lower(right)));
    return hn::Add(sum, hn::Mul(upper(left), upper(right)));
#endif
  }
};

/// Keeps a tile's sums in memory.
template <class Element>
struct KeepSums {
  template <class D, class V>
  HWY_INLINE void store(D d, V v, std::size_t row, std::size_t column, Element* sums,
                        std::size_t sums_stride) const {
    hn::Store(v, d, sums + row * sums_stride + column);
  }
};

/// Sends a tile's sums to the output: whole tiles from registers, edges from memory.
struct FinishSums {
  const GemmFinish& finish;
  std::size_t first_row;
  std::size_t first_column;

  /// The first `count` lanes of one vector of sums.
  template <class D, class V>
  HWY_INLINE void send(D d, V v, std::size_t row, std::size_t column, std::size_t count) const {
    const std::size_t r = first_row + row;
    const std::size_t c = first_column + column;
    if (finish.bias != nullptr) v = hn::Add(v, load_any(d, finish.bias + c, count));
    if (finish.residual != nullptr) {
      v = hn::Add(v, load_any(d, finish.residual + r * finish.residual_stride + c, count));
    }
    store_any(d, v, finish.output + r * finish.output_stride + c, count);
  }

  template <class D, class V>
  HWY_INLINE void store(D d, V v, std::size_t row, std::size_t column, float*, std::size_t) const {
    send(d, v, row, column, hn::Lanes(d));
  }

  /// The first `rows` rows and `columns` columns of a tile whose sums are in memory.
  HWY_INLINE void send_edge(const float* sums, std::size_t sums_stride, std::size_t rows,
                            std::size_t columns) const {
    const hn::ScalableTag<float> d;
    for (std::size_t row = 0; row < rows; ++row) {
      for_vectors(d, columns, [&](std::size_t column, std::size_t lanes) HWY_ATTR {
        send(d, load_any(d, sums + row * sums_stride + column, lanes), row, column, lanes);
      });
    }
  }
};

/// A register tile: sums[kTileRows, kVectors vectors] (+)= rows[kTileRows, depth] *
/// strip[depth, the same], stored by `out`.
template <class Arithmetic, std::size_t kVectors, bool kAccumulate, class Out,
          class Element = typename Arithmetic::Element>
HWY_INLINE void multiply_tile(const Element* HWY_RESTRICT rows, std::size_t stride,
                              const Element* HWY_RESTRICT strip, std::size_t depth, Element* sums,
                              std::size_t sums_stride, const Out& out) {
  const typename Arithmetic::D d;
  using V = typename Arithmetic::V;
  const std::size_t lanes = hn::Lanes(d);
  V tile[kTileRows][kVectors];
  VIRNUCPRO_UNROLL_TILE
  for (std::size_t row = 0; row < kTileRows; ++row) {
    VIRNUCPRO_UNROLL_TILE
    for (std::size_t column = 0; column < kVectors; ++column) {
      tile[row][column] =
          kAccumulate ? hn::Load(d, sums + row * sums_stride + column * lanes) : hn::Zero(d);
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    V right[kVectors];
    VIRNUCPRO_UNROLL_TILE
    for (std::size_t column = 0; column < kVectors; ++column) {
      right[column] = hn::Load(d, strip + column * lanes);
    }
    strip += kVectors * lanes;
    VIRNUCPRO_UNROLL_TILE
    for (std::size_t row = 0; row < kTileRows; ++row) {
      const V left = hn::Set(d, rows[row * stride + k]);
      VIRNUCPRO_UNROLL_TILE
      for (std::size_t column = 0; column < kVectors; ++column) {
        tile[row][column] = Arithmetic::multiply_add(left, right[column], tile[row][column]);
      }
    }
  }
  VIRNUCPRO_UNROLL_TILE
  for (std::size_t row = 0; row < kTileRows; ++row) {
    VIRNUCPRO_UNROLL_TILE
    for (std::size_t column = 0; column < kVectors; ++column) {
      out.store(d, tile[row][column], row, column * lanes, sums, sums_stride);
    }
  }
}

template <class Arithmetic, std::size_t kVectors, class Out, class Element>
HWY_INLINE void multiply_tile(bool accumulate, const Element* rows, std::size_t stride,
                              const Element* strip, std::size_t depth, Element* sums,
                              std::size_t sums_stride, const Out& out) {
  if (accumulate) {
    multiply_tile<Arithmetic, kVectors, true>(rows, stride, strip, depth, sums, sums_stride, out);
  } else {
    multiply_tile<Arithmetic, kVectors, false>(rows, stride, strip, depth, sums, sums_stride, out);
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
HWY_INLINE void multiply_strip(const Product& p, const GemmFinish* finish, std::size_t first,
                               std::size_t depth, std::size_t column) {
  using Element = typename Arithmetic::Element;
  const std::size_t columns = kVectors * hn::Lanes(typename Arithmetic::D());
  const std::size_t whole_rows = p.rows / kTileRows * kTileRows;
  const bool is_last = first + depth == p.depth;
  const Element* strip = p.packed + first * p.padded_width + column * depth;
  for (std::size_t row = 0; row < p.rows; row += kTileRows) {
    const bool is_tail = row == whole_rows;
    const Element* rows = is_tail ? p.tail + first : p.input + row * p.input_stride + first;
    const std::size_t stride = is_tail ? p.depth : p.input_stride;
    Element* sums = p.sums + row * p.padded_width + column;
    if constexpr (std::is_same_v<Element, float>) {
      if (is_last && finish != nullptr) {
        const FinishSums to{*finish, row, column};
        if (!is_tail && column + columns <= finish->columns) {
          multiply_tile<Arithmetic, kVectors>(first > 0, rows, stride, strip, depth, sums,
                                              p.padded_width, to);
        } else {
          multiply_tile<Arithmetic, kVectors>(first > 0, rows, stride, strip, depth, sums,
                                              p.padded_width, KeepSums<float>());
          to.send_edge(sums, p.padded_width, HWY_MIN(kTileRows, p.rows - row),
                       HWY_MIN(columns, finish->columns - column));
        }
        continue;
      }
    }
    multiply_tile<Arithmetic, kVectors>(first > 0, rows, stride, strip, depth, sums, p.padded_width,
                                        KeepSums<Element>());
  }
}

template <class Arithmetic, class Product>
HWY_INLINE void multiply(const Product& p, const GemmFinish* finish) {
  const std::size_t columns = strip_columns();
  const std::size_t block = gemm_block(p.depth, columns);
  const std::size_t whole_rows = p.rows / kTileRows * kTileRows;
  if (whole_rows < p.rows) fill_tail(p, whole_rows);
  for (std::size_t first = 0; first < p.depth; first += block) {
    const std::size_t depth = HWY_MIN(block, p.depth - first);
    std::size_t column = 0;
    for (; column + columns <= p.padded_width; column += columns) {
      multiply_strip<Arithmetic, kTileVectors>(p, finish, first, depth, column);
    }
    if (column < p.padded_width) multiply_strip<Arithmetic, 1>(p, finish, first, depth, column);
  }
}
static_assert(kTileVectors == 2, "a last strip is half as wide as the others");

void multiply_floats(const GemmFloats& product) {
  multiply<FloatArithmetic>(product, product.finish);
}
void multiply_pairs(const GemmPairs& product) { multiply<PairArithmetic>(product, nullptr); }

// Elements of a weight row that are widened at a time: four rows of them stay in L1.
constexpr std::size_t kPackChunk = 128;

/// to[k * columns + j] = rows[j][k] for four rows and `count` elements of 32 bits.
HWY_INLINE void transpose_four(const float* const* rows, std::size_t count, std::size_t columns,
                               float* to) {
  std::size_t k = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d;
  for (; k + 4 <= count; k += 4) {
    const auto r0 = hn::LoadU(d, rows[0] + k);
    const auto r1 = hn::LoadU(d, rows[1] + k);
    const auto r2 = hn::LoadU(d, rows[2] + k);
    const auto r3 = hn::LoadU(d, rows[3] + k);
    const auto lower01 = hn::InterleaveLower(d, r0, r1);
    const auto lower23 = hn::InterleaveLower(d, r2, r3);
    const auto upper01 = hn::InterleaveUpper(d, r0, r1);
    const auto upper23 = hn::InterleaveUpper(d, r2, r3);
    float* at = to + k * columns;
    hn::StoreU(hn::ConcatLowerLower(d, lower23, lower01), d, at);
    hn::StoreU(hn::ConcatUpperUpper(d, lower23, lower01), d, at + columns);
    hn::StoreU(hn::ConcatLowerLower(d, upper23, upper01), d, at + 2 * columns);
    hn::StoreU(hn::ConcatUpperUpper(d, upper23, upper01), d, at + 3 * columns);
  }
#endif
  for (; k < count; ++k) {
    for (std::size_t j = 0; j < 4; ++j) std::memcpy(to + k * columns + j, rows[j] + k, 4);
  }
}

/// Packs elements of 32 bits. fetch(row, first, count, to) writes elements of one weight row.
template <class Fetch>
HWY_INLINE void pack(std::size_t depth, std::size_t width, float* packed, const Fetch& fetch) {
  const std::size_t lanes = tile_shape().columns;
  const std::size_t padded = (width + lanes - 1) / lanes * lanes;
  const std::size_t block = gemm_block(depth, strip_columns());
  HWY_ALIGN float chunk[4][kPackChunk];
  const float* const rows[4] = {chunk[0], chunk[1], chunk[2], chunk[3]};
  for (std::size_t first = 0; first < depth; first += block) {
    const std::size_t count = HWY_MIN(block, depth - first);
    for (std::size_t column = 0; column < padded; column += strip_columns()) {
      const std::size_t columns = HWY_MIN(strip_columns(), padded - column);
      float* strip = packed + first * padded + column * count;
      for (std::size_t j = 0; j < columns; j += 4) {  // strips are whole groups of four, or less
        for (std::size_t k = 0; k < count; k += kPackChunk) {
          const std::size_t elements = HWY_MIN(kPackChunk, count - k);
          const std::size_t group = HWY_MIN(columns, 4);
          for (std::size_t i = 0; i < group; ++i) {
            if (column + j + i < width) {
              fetch(column + j + i, first + k, elements, chunk[i]);
            } else {
              std::memset(chunk[i], 0, elements * sizeof(float));
            }
          }
          if (group == 4) {
            transpose_four(rows, elements, columns, strip + k * columns + j);
          } else {  // the scalar target, whose strips have one or two columns
            for (std::size_t e = 0; e < elements; ++e) {
              for (std::size_t i = 0; i < group; ++i) {
                std::memcpy(strip + (k + e) * columns + i, chunk[i] + e, sizeof(float));
              }
            }
          }
        }
      }
    }
  }
}

template <typename Stored>
HWY_INLINE void pack_floats(const void* rows, std::size_t depth, std::size_t width, float* packed) {
  const auto* stored = static_cast<const Stored*>(rows);
  pack(depth, width, packed,
       [&](std::size_t row, std::size_t first, std::size_t count, float* to) HWY_ATTR {
         const hn::ScalableTag<float> d;
         for_vectors(d, count, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
           store_any(d, load_any(d, stored + row * depth + first + i, lanes), to + i, lanes);
         });
       });
}

void pack_float32(const void* rows, std::size_t depth, std::size_t width, float* packed) {
  pack_floats<float>(rows, depth, width, packed);
}
void pack_float16(const void* rows, std::size_t depth, std::size_t width, float* packed) {
  pack_floats<Float16>(rows, depth, width, packed);
}
void pack_bfloat16(const void* rows, std::size_t depth, std::size_t width, float* packed) {
  pack_floats<BFloat16>(rows, depth, width, packed);
}

void pack_pairs(const std::int8_t* rows, std::size_t depth, std::size_t width,
                std::int32_t* packed) {
  // The pairs are only moved from here on, so as float bits they share the code of float32.
  pack((depth + 1) / 2, width, reinterpret_cast<float*>(packed),
       [&](std::size_t row, std::size_t first, std::size_t count, float* to) HWY_ATTR {
         const std::int8_t* from = rows + row * depth + 2 * first;
         const std::size_t values = HWY_MIN(2 * count, depth - 2 * first);
         std::int16_t pairs[2 * kPackChunk] = {};
         for (std::size_t i = 0; i < values; ++i) pairs[i] = from[i];
         std::memcpy(to, pairs, count * sizeof(float));
       });
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(tile_shape);
HWY_EXPORT(pack_float32);
HWY_EXPORT(pack_float16);
HWY_EXPORT(pack_bfloat16);
HWY_EXPORT(pack_pairs);
HWY_EXPORT(multiply_floats);
HWY_EXPORT(multiply_pairs);

GemmTile gemm_tile() { return HWY_DYNAMIC_DISPATCH(tile_shape)(); }

std::size_t gemm_padded_width(std::size_t width) {
  const std::size_t columns = gemm_tile().columns;
  return (width + columns - 1) / columns * columns;
}

void gemm_pack(const void* rows, DataType type, std::size_t depth, std::size_t width,
               float* packed) {
  if (type == DataType::kFloat16) {
    HWY_DYNAMIC_DISPATCH(pack_float16)(rows, depth, width, packed);
  } else if (type == DataType::kBFloat16) {
    HWY_DYNAMIC_DISPATCH(pack_bfloat16)(rows, depth, width, packed);
  } else {
    HWY_DYNAMIC_DISPATCH(pack_float32)(rows, depth, width, packed);
  }
}

void gemm_pack_pairs(const std::int8_t* rows, std::size_t depth, std::size_t width,
                     std::int32_t* packed) {
  HWY_DYNAMIC_DISPATCH(pack_pairs)(rows, depth, width, packed);
}

void gemm_floats(const GemmFloats& product) { HWY_DYNAMIC_DISPATCH(multiply_floats)(product); }
void gemm_pairs(const GemmPairs& product) { HWY_DYNAMIC_DISPATCH(multiply_pairs)(product); }

}  // namespace virnucpro
#endif  // HWY_ONCE
