// linear, plainly; its weight is kept in the type that was asked for. Whole numbers and their sums
// are exact in double, so an int8 product is the same loop, between two roundings.
#include <algorithm>
#include <utility>

#include "backend/reference/element.h"
#include "backend/reference/gelu.h"
#include "backend/reference/reference_backend.h"
#include "base/check.h"
#include "base/stop.h"
#include "tensor/quantize.h"

namespace virnucpro {
namespace {

class ReferenceLinearWeight final : public ops::LinearWeight {
 public:
  /// `scales`: one per row of an int8 tensor, none for other types.
  ReferenceLinearWeight(HostTensor tensor, std::vector<float> scales)
      : LinearWeight(tensor.shape[0], tensor.shape[1], tensor.type),
        tensor_(std::move(tensor)),
        scales_(std::move(scales)) {}

  ConstMatrix matrix() const { return {tensor_.data, tensor_.type, outputs(), inputs(), inputs()}; }
  float scale(std::int64_t output) const { return scales_[static_cast<std::size_t>(output)]; }

 private:
  HostTensor tensor_;
  std::vector<float> scales_;
};

/// One row of the input: its values, or the whole numbers they are rounded to and their scale.
struct InputRow {
  std::vector<double> values;
  float scale = 1.0f;
};

InputRow quantized(const InputRow& row) {
  const std::vector<float> values(row.values.begin(), row.values.end());  // each was a float32
  std::vector<std::int8_t> q(values.size());
  const float scale = quantize_row(values, q);
  return {{q.begin(), q.end()}, scale};
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

std::unique_ptr<ops::LinearWeight> ReferenceBackend::do_prepare_linear(const HostTensor& weight,
                                                                       DataType type) {
  if (type == DataType::kInt8) {
    QuantizedRows rows = quantize_rows(weight);
    return std::make_unique<ReferenceLinearWeight>(std::move(rows.values), std::move(rows.scales));
  }
  return std::make_unique<ReferenceLinearWeight>(virnucpro::convert(weight, type),
                                                 std::vector<float>{});
}

void ReferenceBackend::do_linear(const ops::Linear& op) {
  const auto* weight = dynamic_cast<const ReferenceLinearWeight*>(op.weight);
  check(weight != nullptr, "linear: the weight was prepared by another backend");
  const bool int8 = op.weight->type() == DataType::kInt8;
  std::vector<InputRow> input;  // widened once instead of once per output
  for (std::int64_t i = 0; i < op.input.rows; ++i) {
    const InputRow row{load_row(op.input, i)};
    input.push_back(int8 ? quantized(row) : row);
  }
  for (std::int64_t j = 0; j < weight->outputs(); ++j) {
    throw_if_stopped(stop());
    const std::vector<double> row = load_row(weight->matrix(), j);
    for (std::int64_t i = 0; i < op.input.rows; ++i) {
      const InputRow& x = input[static_cast<std::size_t>(i)];
      double sum = 0.0;
      for (std::size_t k = 0; k < row.size(); ++k) sum += x.values[k] * row[k];
      if (int8) sum = static_cast<float>(sum) * (x.scale * weight->scale(j));
      if (!op.bias.empty()) sum += op.bias.data[j];
      const double residual = op.residual.empty() ? 0.0 : load(op.residual, i, j);
      store(op.output, i, j, activate(op.activation, sum) + residual);
    }
  }
}

}  // namespace virnucpro
