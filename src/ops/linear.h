// Dense layer: matrix product with bias, activation and residual as epilogues.
#pragma once

#include <cstdint>

#include "tensor/view.h"

namespace virnucpro::ops {

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
struct Linear {
  ConstMatrix input;
  const LinearWeight* weight = nullptr;
  ConstFloats bias;
  Activation activation = Activation::kNone;
  ConstMatrix residual;
  Matrix output;
};

void validate(const Linear& op);

}  // namespace virnucpro::ops
