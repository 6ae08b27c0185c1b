#include "layers/transformer.h"

#include "base/check.h"

namespace virnucpro {
namespace {

PlacedTensor place_floats(const HostTensor& tensor, Backend& backend) {
  return backend.place(convert(tensor, DataType::kFloat32));
}

}  // namespace

Dense::Dense(TensorSource& source, const std::string& prefix, std::int64_t outputs,
             std::int64_t inputs, bool bias, DataType type, Backend& backend,
             std::span<const std::int32_t> kept)
    : weight_(
          backend.prepare_linear(source.take(prefix + ".weight", {outputs, inputs}), type, kept)) {
  if (bias) bias_ = place_floats(source.take(prefix + ".bias", {outputs}), backend);
}

Dense::Dense(std::span<const HostTensor> weights, std::span<const HostTensor> biases, DataType type,
             Backend& backend, std::span<const std::int32_t> kept)
    : weight_(backend.prepare_linear(weights, type, kept)) {
  if (!biases.empty()) bias_ = place_floats(concatenate_rows(biases), backend);
}

void Dense::forward(Backend& backend, ConstMatrix input, Matrix output, ops::Activation activation,
                    ConstMatrix residual) const {
  backend.linear({.input = input,
                  .weight = weight_.get(),
                  .bias = bias_.matrix.empty() ? ConstFloats{} : bias_.floats(),
                  .activation = activation,
                  .residual = residual,
                  .output = output});
}

ops::Linear Dense::operation(const DenseInput& input) const {
  ops::Linear op;
  op.weight = weight_.get();
  if (!bias_.matrix.empty()) op.bias = bias_.floats();
  op.input = input.matrix;
  if (!input.quantized.empty()) {
    op.input = input.quantized.values;
    op.input_scales = {input.quantized.scales, input.quantized.values.rows};
  }
  return op;
}

void Dense::forward(Backend& backend, const DenseInput& input, Matrix output,
                    ConstMatrix residual) const {
  ops::Linear op = operation(input);
  op.residual = residual;
  op.output = output;
  backend.linear(op);
}

void Dense::forward(Backend& backend, const DenseInput& input, const DenseInput& output,
                    ops::Activation activation) const {
  ops::Linear op = operation(input);
  op.activation = activation;
  op.output = output.matrix;
  op.quantized = output.quantized;
  backend.linear(op);
}

Norm::Norm(TensorSource& source, const std::string& prefix, std::int64_t width, float epsilon,
           Backend& backend)
    : gamma_(place_floats(source.take(prefix + ".weight", {width}), backend)),
      beta_(place_floats(source.take(prefix + ".bias", {width}), backend)),
      epsilon_(epsilon) {}

void Norm::forward(Backend& backend, ConstMatrix input, Matrix output, ConstMatrix residual,
                   QuantizedMatrix quantized) const {
  backend.layer_norm({.input = input,
                      .residual = residual,
                      .gamma = gamma_.floats(),
                      .beta = beta_.floats(),
                      .epsilon = epsilon_,
                      .output = output,
                      .quantized = quantized});
}

void attention(Backend& backend, ConstMatrix qkv, const ops::Sequences& sequences,
               const AttentionHeads& heads, Matrix output) {
  const ops::Attention op{.qkv = qkv,
                          .sequences = sequences,
                          .heads = heads.count,
                          .scale = heads.scale,
                          .alibi_slopes = heads.alibi_slopes,
                          .rotary = heads.rotary,
                          .output = output};
  if (sequences.is_packed()) {
    backend.attention_packed(op);
  } else {
    backend.attention_padded(op);
  }
}

}  // namespace virnucpro
