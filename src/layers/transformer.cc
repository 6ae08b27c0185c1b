#include "layers/transformer.h"

#include <utility>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "weights/quantized_tensors.h"

namespace virnucpro {
namespace {

PlacedTensor place_floats(const HostTensor& tensor, Backend& backend) {
  return backend.place(convert(tensor, DataType::kFloat32));
}

/// Weights that are stored in 8 bits: as they are for products of their type, widened for others.
std::unique_ptr<ops::LinearWeight> take_stored(TensorSource& source,
                                               std::span<const std::string> prefixes,
                                               const Shape& shape, DataType type,
                                               Backend& backend) {
  std::vector<QuantizedWeight> parts;
  std::vector<HostTensor> floats;
  std::vector<std::int32_t> columns;
  for (const std::string& prefix : prefixes) {
    StoredWeight stored = take_quantized(source, prefix + ".weight", shape);
    if (!parts.empty() && stored.columns != columns) {
      throw ModelError(
          fmt::format("{}: {}.weight keeps other columns than {}.weight, with which it "
                      "is multiplied",
                      source.origin(), prefix, prefixes.front()));
    }
    columns = std::move(stored.columns);
    if (stored.rows.values.type != type) floats.push_back(dequantized(stored.rows, columns));
    parts.push_back(std::move(stored.rows));
  }
  if (floats.empty()) return backend.prepare_quantized(parts, columns);
  check(is_floating(type), "weights of another 8-bit type than {}", name_of(type));
  return backend.prepare_linear(floats, type);
}

std::unique_ptr<ops::LinearWeight> take_weight(TensorSource& source,
                                               std::span<const std::string> prefixes,
                                               const Shape& shape, DataType type, Backend& backend,
                                               std::span<const std::int32_t> kept) {
  if (is_quantized(source, prefixes.front() + ".weight")) {
    return take_stored(source, prefixes, shape, type, backend);
  }
  std::vector<HostTensor> weights;
  for (const std::string& prefix : prefixes) {
    weights.push_back(source.take(prefix + ".weight", shape));
  }
  if (weights.size() == 1) return backend.prepare_linear(weights.front(), type, kept);
  return backend.prepare_linear(weights, type, kept);
}

}  // namespace

Dense::Dense(TensorSource& source, const std::string& prefix, std::int64_t outputs,
             std::int64_t inputs, bool bias, DataType type, Backend& backend,
             std::span<const std::int32_t> kept)
    : Dense(source, {&prefix, 1}, outputs, inputs, bias, type, backend, kept) {}

Dense::Dense(TensorSource& source, std::span<const std::string> prefixes, std::int64_t outputs,
             std::int64_t inputs, bool bias, DataType type, Backend& backend,
             std::span<const std::int32_t> kept)
    : weight_(take_weight(source, prefixes, {outputs, inputs}, type, backend, kept)) {
  if (!bias) return;
  std::vector<HostTensor> biases;
  for (const std::string& prefix : prefixes) {
    // They may be of different types, so they are joined as float32.
    biases.push_back(convert(source.take(prefix + ".bias", {outputs}), DataType::kFloat32));
  }
  bias_ = backend.place(biases.size() == 1 ? biases.front() : concatenate_rows(biases));
}

Dense::Dense(std::span<const HostTensor> weights, std::span<const HostTensor> biases, DataType type,
             Backend& backend)
    : weight_(backend.prepare_linear(weights, type)) {
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
