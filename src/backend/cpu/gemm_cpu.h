// Our own matrix product: a block of rows times a packed panel of weight rows, with sums in float32
// (products of float32) or int32 (products of int16 pairs), compiled for every instruction set.
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

/// Where finished sums go: output = sums + bias + residual, bias and residual where not null. All
/// three start at the product's first row and column; strides in elements; output may be residual.
struct GemmFinish {
  const float* bias;
  const float* residual;
  std::size_t residual_stride;
  float* output;
  std::size_t output_stride;
  std::size_t columns;  // of output, at most the panel's
};

/// sums[rows, width] = input[rows, depth] * panel. `sums` has room for whole tiles, rows and
/// columns; its stride is the padded width. `tail` holds a tile's rows of input. 64-byte aligned:
/// packed, sums, tail. With `finish` the results go there and `sums` is working memory.
struct GemmFloats {
  const float* input;
  std::size_t input_stride;
  std::size_t rows;
  std::size_t depth;
  const float* packed;
  std::size_t padded_width;
  float* sums;
  float* tail;
  const GemmFinish* finish;  // may be null
};
void gemm_floats(const GemmFloats& product);

/// The same, without finish, for rows of int16 pairs: input [rows, depth] of pairs, the last one
/// filled up with zero. Exact for values of 8 bits and up to 2^17 of them.
struct GemmPairs {
  const std::int32_t* input;
  std::size_t input_stride;  // in pairs
  std::size_t rows;
  std::size_t depth;  // in pairs
  const std::int32_t* packed;
  std::size_t padded_width;
  std::int32_t* sums;
  std::int32_t* tail;
};
void gemm_pairs(const GemmPairs& product);

}  // namespace virnucpro
