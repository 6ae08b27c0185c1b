// Weight rows in the form that our own matrix product reads: strips of columns, element of depth
// after element of depth.
#include <algorithm>
#include <cstring>

#include "backend/cpu/gemm_cpu.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/gemm_pack_cpu.cc"
#include "hwy/foreach_target.h"
// foreach_target.h must come first.
#include "backend/cpu/gemm_arithmetic-inl.h"
#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

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
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<float>());
  const std::size_t padded = (width + lanes - 1) / lanes * lanes;
  const std::size_t block = depth_block(depth);
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

/// Rows of elements of a byte, or of two, as elements of 32 bits that hold kCount of them; the last
/// of a row is filled up with zeros. They are only moved, so as float bits they share the code
/// above.
template <std::size_t kCount, typename Stored, typename Held>
HWY_INLINE void pack_groups(const Stored* rows, std::size_t depth, std::size_t width,
                            std::int32_t* packed) {
  static_assert(kCount * sizeof(Held) == sizeof(float));
  pack((depth + kCount - 1) / kCount, width, reinterpret_cast<float*>(packed),
       [&](std::size_t row, std::size_t first, std::size_t count, float* to) HWY_ATTR {
         const Stored* from = rows + row * depth + kCount * first;
         const std::size_t values = HWY_MIN(kCount * count, depth - kCount * first);
         Held group[kCount * kPackChunk] = {};
         for (std::size_t i = 0; i < values; ++i) group[i] = from[i];
         std::memcpy(to, group, count * sizeof(float));
       });
}

void pack_pairs(const std::int8_t* rows, std::size_t depth, std::size_t width,
                std::int32_t* packed) {
  pack_groups<2, std::int8_t, std::int16_t>(rows, depth, width, packed);
}
void pack_quads(const std::int8_t* rows, std::size_t depth, std::size_t width,
                std::int32_t* packed) {
  pack_groups<4, std::int8_t, std::int8_t>(rows, depth, width, packed);
}
void pack_bfloat16_pairs(const std::uint16_t* rows, std::size_t depth, std::size_t width,
                         std::int32_t* packed) {
  pack_groups<2, std::uint16_t, std::uint16_t>(rows, depth, width, packed);
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(pack_float32);
HWY_EXPORT(pack_float16);
HWY_EXPORT(pack_bfloat16);
HWY_EXPORT(pack_pairs);
HWY_EXPORT(pack_quads);
HWY_EXPORT(pack_bfloat16_pairs);

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

void gemm_pack_quads(const std::int8_t* rows, std::size_t depth, std::size_t width,
                     std::int32_t* packed, std::int32_t* start) {
  HWY_DYNAMIC_DISPATCH(pack_quads)(rows, depth, width, packed);
  for (std::size_t row = 0; row < width; ++row) {
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < depth; ++k) sum += rows[row * depth + k];
    start[row] = -kQuadOffset * sum;
  }
  std::fill(start + width, start + gemm_padded_width(width), 0);
}

void gemm_pack_bfloat16(const std::uint16_t* rows, std::size_t depth, std::size_t width,
                        std::int32_t* packed) {
  HWY_DYNAMIC_DISPATCH(pack_bfloat16_pairs)(rows, depth, width, packed);
}

}  // namespace virnucpro
#endif  // HWY_ONCE
