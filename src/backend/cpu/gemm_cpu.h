// Our own matrix product: a block of rows times a packed panel of weight rows, with sums in float32
// (products of float32 or bfloat16) or int32 (products of int8), compiled for every instruction
// set.
//
// The design is that of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication"
// (2008): a register tile of sums, a strip of the panel that stays in L1 while rows stream past it,
// and a panel and a row block that stay in L2. Rows are used where they lie.
//
// An element's sum adds its products in the order of k, in blocks whose limits depend on k alone:
// its bits depend neither on the other rows nor on where in a tile it stands.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/data_type.h"

namespace virnucpro {

/// The shape of the register tile of the chosen instruction set.
struct GemmTile {
  std::size_t rows;
  std::size_t columns;  // of one vector; panels are padded to whole vectors with zeros
};
GemmTile gemm_tile();

/// Columns of a packed panel of `width` weight rows: whole vectors.
std::size_t gemm_padded_width(std::size_t width);

/// Packs `width` rows of `depth` elements each, one after the other, for gemm_floats. `type` is a
/// floating type, widened exactly. `packed` takes depth * gemm_padded_width(width) floats.
void gemm_pack(const void* rows, DataType type, std::size_t depth, std::size_t width,
               float* packed);

/// The same for gemm_pairs: rows of int8, `packed` takes (depth + 1) / 2 * padded width pairs.
void gemm_pack_pairs(const std::int8_t* rows, std::size_t depth, std::size_t width,
                     std::int32_t* packed);

/// Quads hold unsigned bytes on their left side: a value of int8 and this.
inline constexpr std::int32_t kQuadOffset = 128;

/// The same for gemm_quads: `packed` takes (depth + 3) / 4 * padded width quads, `start` a padded
/// width of sums, which take back what the offset adds.
void gemm_pack_quads(const std::int8_t* rows, std::size_t depth, std::size_t width,
                     std::int32_t* packed, std::int32_t* start);

/// The same for gemm_bfloat16: `packed` takes (depth + 1) / 2 * padded width pairs.
void gemm_pack_bfloat16(const std::uint16_t* rows, std::size_t depth, std::size_t width,
                        std::int32_t* packed);

/// Where finished sums go: output = value + bias + residual, bias and residual where not null. A
/// value is a float sum; or a whole one * (row scale * column scale) + kept[row, kept_depth] *
/// kept_packed, which gemm_pack made. All start at the product's first row and column; strides in
/// elements; output may be residual, or the product's own sums where these are floats.
struct GemmFinish {
  const float* bias;
  const float* residual;
  std::size_t residual_stride;
  float* output;
  std::size_t output_stride;
  std::size_t columns;  // of output, at most the panel's
  const float* row_scales = nullptr;
  const float* column_scales = nullptr;
  const float* kept = nullptr;
  const float* kept_packed = nullptr;
  std::size_t kept_depth = 0;
};

/// input[rows, depth] * panel, sent to `finish`. `sums` is working memory with room for whole
/// tiles, rows and columns; its stride is the padded width. `tail` holds a tile's rows of input.
/// `start`, where not null: what each column's sum begins with. Aligned for vectors: packed, start,
/// sums, tail, finish.kept_packed.
template <typename Element, typename Sum>
struct GemmProduct {
  const Element* input;
  std::size_t input_stride;
  std::size_t rows;
  std::size_t depth;
  const Element* packed;
  std::size_t padded_width;
  const Sum* start;
  Sum* sums;
  Element* tail;
  GemmFinish finish;
};

using GemmFloats = GemmProduct<float, float>;
void gemm_floats(const GemmFloats& product);

/// Elements are groups of whole numbers, the last of a row filled up with zeros.
using GemmWholes = GemmProduct<std::int32_t, std::int32_t>;

/// Pairs of int16. Exact for values of 8 bits and up to 2^17 of them.
void gemm_pairs(const GemmWholes& product);

/// Quads of bytes, the same sums as pairs. Exact for up to 2^16 values. Only where
/// gemm_takes_quads().
void gemm_quads(const GemmWholes& product);

/// Elements are pairs of bfloat16. Only where gemm_takes_bfloat16().
using GemmBFloat16 = GemmProduct<std::int32_t, float>;
void gemm_bfloat16(const GemmBFloat16& product);

/// Whether the instruction set that Highway chose has products of four bytes (VNNI) or of two
/// bfloat16 (AVX512_BF16). Thread-safe.
bool gemm_takes_quads();
bool gemm_takes_bfloat16();

}  // namespace virnucpro
