// Highway kernels that quantise rows to 8 bits: tensor/quantize.h, bit for bit, vector by vector.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/view.h"

namespace virnucpro {

/// Writes row i of `from`, quantised, to to[i * stride, i * stride + from.columns) and its scale to
/// scales[i]; what lies between columns and stride is left as it is. `from` is float32, float16 or
/// bfloat16, aligned for its type: a weight, or the input of a dense layer. Does not allocate; rows
/// are independent, so threads may share a matrix by rows.
void quantize_rows(const ConstMatrix& from, std::int8_t* to, std::size_t stride, float* scales);

/// The same values and 128, from 1 to 255: for products of quads.
void quantize_rows(const ConstMatrix& from, std::uint8_t* to, std::size_t stride, float* scales);

/// The same values, -127 to 127, in 16 bits: for products of int16 pairs.
void quantize_rows(const ConstMatrix& from, std::int16_t* to, std::size_t stride, float* scales);

}  // namespace virnucpro
