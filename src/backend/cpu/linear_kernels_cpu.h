// Highway kernels around the matrix product: narrowing and splitting its operands, the epilogue.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/linear.h"
#include "tensor/data_type.h"

namespace virnucpro {

/// float32 to bfloat16, nearest even. `to` has `count` elements of 16 bits.
void narrow_to_bfloat16(const float* from, std::uint16_t* to, std::size_t count);

/// Elements of a floating type, aligned for it, as sums of two bfloat16: high + low has 16 bits of
/// the value, and is exact for float16. NaN and infinity have a NaN in low.
void split_bfloat16(const void* from, DataType type, std::uint16_t* high, std::uint16_t* low,
                    std::size_t count);

/// output[r, :] = activation(sums[r, :] + bias) + residual[r, :], one tile. The sums are float32,
/// or the int32 sums of quantised rows: then float(sum) * (row scale * column scale) + kept sum.
/// `kept_sums`, `bias` and `residual` may be null; output may be residual. Strides in elements.
struct EpilogueTile {
  const float* sums;
  const std::int32_t* quantized_sums;  // instead of sums
  const float* row_scales;             // both only with quantized_sums
  const float* column_scales;
  const float* kept_sums;
  std::size_t kept_stride;
  std::size_t rows;
  std::size_t columns;
  std::size_t sums_stride;
  const float* bias;
  ops::Activation activation;
  const float* residual;
  std::size_t residual_stride;
  float* output;
  std::size_t output_stride;
};
void apply_epilogue(const EpilogueTile& tile);

}  // namespace virnucpro
