#include "backend/backend.h"

#include "base/check.h"
#include "base/stop.h"

namespace virnucpro {
namespace {

void check_columns(std::span<const std::int32_t> kept, const Shape& shape) {
  for (std::size_t i = 0; i < kept.size(); ++i) {
    check(kept[i] >= (i == 0 ? 0 : kept[i - 1] + 1) && kept[i] < shape[1],
          "prepare_linear: the kept column {} of {} is out of order or range", kept[i],
          to_string(shape));
  }
}

void check_weight(const HostTensor& weight, DataType type, std::span<const std::int32_t> kept) {
  check(weight.shape.rank() == 2 && is_floating(weight.type) && ops::is_product_type(type),
        "prepare_linear: weight {} of type {} as {}", to_string(weight.shape), name_of(weight.type),
        name_of(type));
  check(type != DataType::kInt8 || weight.shape[1] <= ops::kMostInt8Inputs,
        "prepare_linear: weight {} as int8, whose sums hold {} inputs", to_string(weight.shape),
        ops::kMostInt8Inputs);
  check(kept.empty() || type == DataType::kInt8, "prepare_linear: columns kept of a weight as {}",
        name_of(type));
  check_columns(kept, weight.shape);
}

void check_quantized(const QuantizedWeight& part, const QuantizedWeight& first,
                     std::span<const std::int32_t> kept) {
  const HostTensor& values = part.values;
  check(values.shape.rank() == 2 &&
            (values.type == DataType::kInt8 || values.type == DataType::kFloat8E4M3),
        "prepare_quantized: values {} of type {}", to_string(values.shape), name_of(values.type));
  check(values.type == first.values.type && values.shape[1] == first.values.shape[1],
        "prepare_quantized: part {} beside {}", to_string(values.shape),
        to_string(first.values.shape));
  check(values.type != DataType::kInt8 || values.shape[1] <= ops::kMostInt8Inputs,
        "prepare_quantized: {} as int8, whose sums hold {} inputs", to_string(values.shape),
        ops::kMostInt8Inputs);
  check(part.scales.type == DataType::kFloat32 && part.scales.shape == Shape{values.shape[0]},
        "prepare_quantized: scales {} of type {} for {}", to_string(part.scales.shape),
        name_of(part.scales.type), to_string(values.shape));
  check(kept.empty() || values.type == DataType::kInt8,
        "prepare_quantized: columns kept of a weight as {}", name_of(values.type));
  check_columns(kept, values.shape);
  const Shape columns{values.shape[0], static_cast<std::int64_t>(kept.size())};
  check(kept.empty() || (part.kept.type == DataType::kFloat16 && part.kept.shape == columns),
        "prepare_quantized: kept columns {} of type {}, expected {}", to_string(part.kept.shape),
        name_of(part.kept.type), to_string(columns));
}

void check_offered(const Backend& backend, DataType type) {
  check(type != DataType::kFloat8E4M3 || backend.offers(Precision::kFp8),
        "prepare_linear: {} multiplies no {}", backend.name(), name_of(type));
}

void check_quantizes(const Backend& backend, const QuantizedMatrix& quantized) {
  check(quantized.empty() || backend.quantizes_activations(Precision::kFp8),
        "{} writes no 8-bit activations", backend.name());
}

}  // namespace

ConstFloats PlacedTensor::floats() const {
  check(matrix.type == DataType::kFloat32, "a vector of type {} where float32 is needed",
        name_of(matrix.type));
  return {static_cast<const float*>(matrix.data), matrix.rows * matrix.columns};
}

void Backend::run_on_lanes(std::size_t /*parts*/, const LaneBody& /*body*/) {
  check(false, "{} has no lanes", name());
}

PlacedTensor Backend::place(const HostTensor& tensor) {
  check(is_floating(tensor.type) && (tensor.shape.rank() == 1 || tensor.shape.rank() == 2),
        "place: a {} tensor {}", name_of(tensor.type), to_string(tensor.shape));
  return do_place(tensor);
}

std::unique_ptr<ops::LinearWeight> Backend::prepare_linear(const HostTensor& weight, DataType type,
                                                           std::span<const std::int32_t> kept) {
  check_weight(weight, type, kept);
  check_offered(*this, type);
  throw_if_stopped(stop_);
  return do_prepare_linear(weight, type, kept);
}

std::unique_ptr<ops::LinearWeight> Backend::prepare_linear(std::span<const HostTensor> parts,
                                                           DataType type,
                                                           std::span<const std::int32_t> kept) {
  check(!parts.empty(), "prepare_linear of nothing");
  for (const HostTensor& part : parts) {
    check_weight(part, type, kept);
    check(part.shape[1] == parts[0].shape[1], "prepare_linear: part {} beside {}",
          to_string(part.shape), to_string(parts[0].shape));
  }
  check_offered(*this, type);
  throw_if_stopped(stop_);
  return do_prepare_linear_parts(parts, type, kept);
}

std::unique_ptr<ops::LinearWeight> Backend::prepare_quantized(
    std::span<const QuantizedWeight> parts, std::span<const std::int32_t> kept) {
  check(!parts.empty(), "prepare_quantized of nothing");
  for (const QuantizedWeight& part : parts) check_quantized(part, parts[0], kept);
  check_offered(*this, parts[0].values.type);
  throw_if_stopped(stop_);
  return do_prepare_quantized(parts, kept);
}

std::unique_ptr<ops::LinearWeight> Backend::do_prepare_linear_parts(
    std::span<const HostTensor> parts, DataType type, std::span<const std::int32_t> kept) {
  return do_prepare_linear(concatenate_rows(parts), type, kept);
}

void Backend::embedding_lookup(const ops::EmbeddingLookup& op) {
  validate(op);
  do_embedding_lookup(op);
}

void Backend::linear(const ops::Linear& op) {
  validate(op);
  check_quantizes(*this, op.quantized);
  throw_if_stopped(stop_);
  do_linear(op);
}

void Backend::layer_norm(const ops::LayerNorm& op) {
  validate(op);
  check_quantizes(*this, op.quantized);
  do_layer_norm(op);
}

void Backend::attention_packed(const ops::Attention& op) {
  validate(op);
  throw_if_stopped(stop_);
  check(op.sequences.is_packed(), "attention_packed: the sequences are padded");
  do_attention_packed(op);
}

void Backend::attention_padded(const ops::Attention& op) {
  validate(op);
  throw_if_stopped(stop_);
  check(!op.sequences.is_packed(), "attention_padded: the sequences are packed");
  do_attention_padded(op);
}

void Backend::gated_gelu(const ops::GatedGelu& op) {
  validate(op);
  check_quantizes(*this, op.quantized);
  do_gated_gelu(op);
}

void Backend::mean_pool(const ops::MeanPool& op) {
  validate(op);
  do_mean_pool(op);
}

void Backend::softmax(const ops::Softmax& op) {
  validate(op);
  do_softmax(op);
}

ops::NonfiniteCount Backend::count_nonfinite(const ops::CountNonfinite& op) {
  validate(op);
  return do_count_nonfinite(op);
}

void Backend::convert(const ops::Convert& op) {
  validate(op);
  do_convert(op);
}

ops::NonfiniteCount Backend::pool_embeddings(const ops::MeanPool& op, std::span<float> values,
                                             std::span<std::int32_t> rows) {
  validate(op);
  validate(ops::CountNonfinite{op.output, rows});
  check(op.output.stride == op.output.columns &&
            static_cast<std::int64_t>(values.size()) == op.output.rows * op.output.columns,
        "pool_embeddings: {} values for [{}, {}] with stride {}", values.size(), op.output.rows,
        op.output.columns, op.output.stride);
  return do_pool_embeddings(op, values, rows);
}

ops::NonfiniteCount Backend::do_pool_embeddings(const ops::MeanPool& op, std::span<float> values,
                                                std::span<std::int32_t> rows) {
  do_mean_pool(op);
  const ops::NonfiniteCount count = do_count_nonfinite({.input = op.output, .rows = rows});
  download(op.output.data, values.data(), values.size_bytes());
  return count;
}

}  // namespace virnucpro
