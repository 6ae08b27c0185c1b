// Highway kernels around the matrix product: widening weights, narrowing activations, the epilogue.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/linear.h"
#include "tensor/data_type.h"

namespace virnucpro {

/// `count` elements of a floating type, aligned for it, to float32. Exact.
void widen(const void* from, DataType type, float* to, std::size_t count);

/// float32 to bfloat16, nearest even. `to` has `count` elements of 16 bits.
void narrow_to_bfloat16(const float* from, std::uint16_t* to, std::size_t count);

/// output[r, :] = activation(sums[r, :] + bias) + residual[r, :], one tile. `bias` and `residual`
/// may be null; output may be residual. Strides in elements.
struct EpilogueTile {
  const float* sums;
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
