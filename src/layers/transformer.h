// The parts of encoders: dense layers and norms that own their weights, and attention.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "backend/backend.h"
#include "weights/tensor_source.h"

namespace virnucpro {

/// What a dense layer reads: a matrix of the activations' type, or one in 8 bits already.
struct DenseInput {
  Matrix matrix;
  QuantizedMatrix quantized = {};
};

/// A dense layer. Immutable; used with backends of the kind it was prepared for.
class Dense {
 public:
  Dense() = default;
  /// Takes `prefix`.weight [outputs, inputs] and, with `bias`, `prefix`.bias [outputs]. `kept`: as
  /// in Backend::prepare_linear(), of a weight that is not stored in 8 bits.
  Dense(TensorSource& source, const std::string& prefix, std::int64_t outputs, std::int64_t inputs,
        bool bias, DataType type, Backend& backend, std::span<const std::int32_t> kept = {});
  /// One layer from the rows of several of the same sizes, one below the other (queries, keys,
  /// values): `prefixes`.weight [outputs, inputs] and .bias each. Weights that are stored in 8 bits
  /// (weights/quantized_tensors.h) bring the columns that they keep.
  Dense(TensorSource& source, std::span<const std::string> prefixes, std::int64_t outputs,
        std::int64_t inputs, bool bias, DataType type, Backend& backend,
        std::span<const std::int32_t> kept = {});
  /// The same from tensors at hand. `biases` may be empty.
  Dense(std::span<const HostTensor> weights, std::span<const HostTensor> biases, DataType type,
        Backend& backend);

  /// output = activation(input W^T + b) + residual; see ops/linear.h for shapes and aliasing.
  void forward(Backend& backend, ConstMatrix input, Matrix output,
               ops::Activation activation = ops::Activation::kNone,
               ConstMatrix residual = {}) const;
  /// The same from an input that may be in 8 bits, and to one for another dense layer.
  void forward(Backend& backend, const DenseInput& input, Matrix output,
               ConstMatrix residual = {}) const;
  void forward(Backend& backend, const DenseInput& input, const DenseInput& output,
               ops::Activation activation) const;

 private:
  ops::Linear operation(const DenseInput& input) const;

  std::unique_ptr<ops::LinearWeight> weight_;
  PlacedTensor bias_;
};

/// Layer normalisation with learned gamma and beta, both kept in float32.
class Norm {
 public:
  Norm() = default;
  /// Takes `prefix`.weight and `prefix`.bias, both [width].
  Norm(TensorSource& source, const std::string& prefix, std::int64_t width, float epsilon,
       Backend& backend);

  /// output = LN(input + residual), and the same in 8 bits where it is given; see ops/layer_norm.h.
  void forward(Backend& backend, ConstMatrix input, Matrix output, ConstMatrix residual = {},
               QuantizedMatrix quantized = {}) const;
  /// Writes only what a dense layer reads.
  void forward(Backend& backend, ConstMatrix input, const DenseInput& output) const {
    forward(backend, input, output.matrix, {}, output.quantized);
  }

 private:
  PlacedTensor gamma_;
  PlacedTensor beta_;
  float epsilon_ = 1e-5f;
};

/// How the heads of a layer attend; see ops/attention.h.
struct AttentionHeads {
  std::int64_t count = 0;
  float scale = 1.0f;
  ConstFloats alibi_slopes = {};
  bool rotary = false;
};

/// Packed or padded attention, as the sequences say.
void attention(Backend& backend, ConstMatrix qkv, const ops::Sequences& sequences,
               const AttentionHeads& heads, Matrix output);

}  // namespace virnucpro
