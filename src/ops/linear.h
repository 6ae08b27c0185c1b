// Dense layer: matrix product with bias, activation and residual as epilogues.
//
// A weight of type int8 is multiplied in 8-bit integers, both sides symmetric: one scale per output
// channel for the weight, one per row, found anew in each call, for the input (dynamic quantisation
// per token as in ZeroQuant, arXiv 2206.01861; vector-wise as in LLM.int8(), arXiv 2208.07339).
//   w[n, :] = s[n] * q[n, :],  x[m, :] = a[m] * p[m, :]    by tensor/quantize.h
//   product[m, n] = float32(sum over k of p[m, k] * q[n, k]) * (a[m] * s[n])
// The sum is exact; its conversion and the two products round to float32. A row with NaN or
// infinity has the scale NaN: all its results are NaN, and no other row's are.
//
// Such a weight may keep a few columns C in float16, those whose inputs are so large that the scale
// would leave the others no bits (the outliers of LLM.int8()). They are 0 in p and q and do not
// count for a and s; then
//   product[m, n] = ... as above + sum over k in C of x[m, k] * float16(w[n, k])   in float32
// A row with NaN or infinity in C has no finite result either.
//
// A weight of type float8_e4m3 is multiplied in the same way, in 8-bit floats: p and q are E4M3
// values, whose products are summed in float32 or wider.
#pragma once

#include <cstdint>

#include "tensor/view.h"

namespace virnucpro::ops {

/// Types a weight may be multiplied in: the floating ones, int8 and float8_e4m3.
constexpr bool is_product_type(DataType type) {
  return is_floating(type) || type == DataType::kInt8 || type == DataType::kFloat8E4M3;
}

/// The largest k with k * 127 * 127 < 2^31: sums of int8 products fit int32.
inline constexpr std::int64_t kMostInt8Inputs = 133'144;

/// gelu is the exact one, 0.5 v (1 + erf(v / sqrt 2)).
enum class Activation { kNone, kGelu, kRelu };

/// A weight [outputs, inputs] in the form its backend wants; made by Backend::prepare_linear,
/// immutable, may be shared by backends of the same kind and by threads.
class LinearWeight {
 public:
  LinearWeight(std::int64_t outputs, std::int64_t inputs, DataType type)
      : outputs_(outputs), inputs_(inputs), type_(type) {}
  virtual ~LinearWeight() = default;
  LinearWeight(const LinearWeight&) = delete;
  LinearWeight& operator=(const LinearWeight&) = delete;

  std::int64_t outputs() const { return outputs_; }
  std::int64_t inputs() const { return inputs_; }
  /// The type the products are computed from.
  DataType type() const { return type_; }

 private:
  std::int64_t outputs_;
  std::int64_t inputs_;
  DataType type_;
};

/// output = activation(input * weight^T + bias) + residual. Shapes: input [m, k], weight [n, k],
/// bias [n] or absent, residual [m, n] or absent, output [m, n]. Sums in float32 or wider.
/// output may be the very same matrix as residual; it must not overlap input.
/// float8_e4m3 weights alone: input may be in that type, quantised already, with input_scales [m];
/// quantized [m, n] may stand in place of output, without a residual: the result in 8 bits,
/// rounded to the activations' type before, which is a floating input's
/// (Backend::quantizes_activations()).
struct Linear {
  ConstMatrix input;
  const LinearWeight* weight = nullptr;
  ConstFloats bias;
  Activation activation = Activation::kNone;
  ConstMatrix residual;
  Matrix output;
  ConstFloats input_scales = {};
  QuantizedMatrix quantized = {};
};

void validate(const Linear& op);

}  // namespace virnucpro::ops
