// linear, plainly; its weight is kept in the type that was asked for. Whole numbers and their sums
// are exact in double, so an int8 product is the same loop, between two roundings; one of E4M3 too.
#include <algorithm>
#include <utility>

#include "backend/reference/element.h"
#include "backend/reference/gelu.h"
#include "backend/reference/reference_backend.h"
#include "base/check.h"
#include "base/stop.h"
#include "tensor/kept_columns.h"
#include "tensor/quantize.h"

namespace virnucpro {
namespace {

class ReferenceLinearWeight final : public ops::LinearWeight {
 public:
  explicit ReferenceLinearWeight(HostTensor tensor)
      : LinearWeight(tensor.shape[0], tensor.shape[1], tensor.type), tensor_(std::move(tensor)) {}
  /// `kept` [outputs, columns] are the weights of `columns`, which are zero in `rows`.
  ReferenceLinearWeight(QuantizedRows rows, std::span<const std::int32_t> columns, HostTensor kept)
      : ReferenceLinearWeight(std::move(rows.values)) {
    scales_ = std::move(rows.scales);
    columns_.assign(columns.begin(), columns.end());
    kept_ = std::move(kept);
  }

  ConstMatrix matrix() const { return {tensor_.data, tensor_.type, outputs(), inputs(), inputs()}; }
  float scale(std::int64_t output) const { return scales_[static_cast<std::size_t>(output)]; }
  std::span<const std::int32_t> columns() const { return columns_; }
  double kept(std::int64_t output, std::size_t i) const {
    return float_at(kept_, output * kept_.shape[1] + static_cast<std::int64_t>(i));
  }

 private:
  HostTensor tensor_;
  std::vector<float> scales_;          // one per row of an 8-bit tensor, none for other types
  std::vector<std::int32_t> columns_;  // kept in float16
  HostTensor kept_;
};

/// One row of the input: its values, or what they are rounded to and their scale.
struct InputRow {
  std::vector<double> values;
  float scale = 1.0f;
  std::vector<double> kept;  // the values of the columns that are not rounded
};

InputRow quantized(const InputRow& row, DataType type, std::span<const std::int32_t> columns) {
  std::vector<float> values(row.values.begin(), row.values.end());  // each was a float32
  InputRow result;
  if (type == DataType::kFloat8E4M3) {
    std::vector<Float8E4M3> q(values.size());
    result.scale = quantize_row(values, q);
    for (const Float8E4M3 value : q) result.values.push_back(to_float(value));
    return result;
  }
  for (const std::int32_t column : columns) {
    float& value = values[static_cast<std::size_t>(column)];
    result.kept.push_back(std::exchange(value, 0.0f));
  }
  std::vector<std::int8_t> q(values.size());
  result.scale = quantize_row(values, q);
  result.values.assign(q.begin(), q.end());
  return result;
}

double activate(ops::Activation activation, double v) {
  switch (activation) {
    case ops::Activation::kNone:
      return v;
    case ops::Activation::kGelu:
      return exact_gelu(v);
    case ops::Activation::kRelu:
      return v < 0.0 ? 0.0 : v;  // NaN stays NaN
  }
  return v;
}

}  // namespace

std::unique_ptr<ops::LinearWeight> ReferenceBackend::do_prepare_linear(
    const HostTensor& weight, DataType type, std::span<const std::int32_t> kept) {
  if (type == DataType::kInt8) {
    SplitColumns split = split_columns(weight, kept);
    return std::make_unique<ReferenceLinearWeight>(quantize_rows(split.rest), kept,
                                                   std::move(split.kept));
  }
  if (type == DataType::kFloat8E4M3) {
    return std::make_unique<ReferenceLinearWeight>(quantize_rows(weight, type), kept, HostTensor{});
  }
  return std::make_unique<ReferenceLinearWeight>(virnucpro::convert(weight, type));
}

std::unique_ptr<ops::LinearWeight> ReferenceBackend::do_prepare_quantized(
    std::span<const QuantizedWeight> parts, std::span<const std::int32_t> kept) {
  std::vector<HostTensor> values;
  std::vector<HostTensor> kept_rows;
  QuantizedRows rows;
  for (const QuantizedWeight& part : parts) {
    values.push_back(part.values);
    kept_rows.push_back(part.kept);
    const std::vector<float> scales = to_floats(part.scales);
    rows.scales.insert(rows.scales.end(), scales.begin(), scales.end());
  }
  rows.values = concatenate_rows(values);
  return std::make_unique<ReferenceLinearWeight>(
      std::move(rows), kept, kept.empty() ? HostTensor{} : concatenate_rows(kept_rows));
}

void ReferenceBackend::do_linear(const ops::Linear& op) {
  const auto* weight = dynamic_cast<const ReferenceLinearWeight*>(op.weight);
  check(weight != nullptr, "linear: the weight was prepared by another backend");
  const DataType type = op.weight->type();
  const bool is_8_bit = type == DataType::kInt8 || type == DataType::kFloat8E4M3;
  std::vector<InputRow> input;  // widened once instead of once per output
  for (std::int64_t i = 0; i < op.input.rows; ++i) {
    InputRow row{.values = load_row(op.input, i), .scale = 1.0f, .kept = {}};
    if (!op.input_scales.empty()) {
      row.scale = op.input_scales.data[i];
    } else if (is_8_bit) {
      row = quantized(row, type, weight->columns());
    }
    input.push_back(std::move(row));
  }
  // Rows are rounded to 8 bits when they are complete.
  Matrix output = op.output;
  std::vector<float> middle;
  if (!op.quantized.empty()) {
    const DataType between = is_floating(op.input.type) ? op.input.type : DataType::kFloat32;
    middle.resize(static_cast<std::size_t>(op.input.rows * weight->outputs()));
    output = {middle.data(), between, op.input.rows, weight->outputs(), weight->outputs()};
  }
  for (std::int64_t j = 0; j < weight->outputs(); ++j) {
    throw_if_stopped(stop());
    const std::vector<double> row = load_row(weight->matrix(), j);
    for (std::int64_t i = 0; i < op.input.rows; ++i) {
      const InputRow& x = input[static_cast<std::size_t>(i)];
      double sum = 0.0;
      for (std::size_t k = 0; k < row.size(); ++k) sum += x.values[k] * row[k];
      if (is_8_bit) sum = static_cast<float>(sum) * (x.scale * weight->scale(j));
      for (std::size_t c = 0; c < x.kept.size(); ++c) sum += x.kept[c] * weight->kept(j, c);
      if (!op.bias.empty()) sum += op.bias.data[j];
      const double residual = op.residual.empty() ? 0.0 : load(op.residual, i, j);
      store(output, i, j, activate(op.activation, sum) + residual);
    }
  }
  if (op.quantized.empty()) return;
  for (std::int64_t i = 0; i < op.input.rows; ++i) {
    store_quantized(op.quantized, i, output.type, load_row(output, i));
  }
}

}  // namespace virnucpro
