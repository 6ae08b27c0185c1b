// linear, plainly; its weight is kept in the type that was asked for.
#include <algorithm>
#include <utility>

#include "backend/reference/element.h"
#include "backend/reference/gelu.h"
#include "backend/reference/reference_backend.h"
#include "base/check.h"

namespace virnucpro {
namespace {

class ReferenceLinearWeight final : public ops::LinearWeight {
 public:
  explicit ReferenceLinearWeight(HostTensor tensor)
      : LinearWeight(tensor.shape[0], tensor.shape[1], tensor.type), tensor_(std::move(tensor)) {}

  ConstMatrix matrix() const { return {tensor_.data, tensor_.type, outputs(), inputs(), inputs()}; }

 private:
  HostTensor tensor_;
};

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
  return std::make_unique<ReferenceLinearWeight>(virnucpro::convert(weight, type));
}

void ReferenceBackend::do_linear(const ops::Linear& op) {
  const auto* weight = dynamic_cast<const ReferenceLinearWeight*>(op.weight);
  check(weight != nullptr, "linear: the weight was prepared by another backend");
  std::vector<std::vector<double>> input;  // widened once instead of once per output
  for (std::int64_t i = 0; i < op.input.rows; ++i) input.push_back(load_row(op.input, i));
  for (std::int64_t j = 0; j < weight->outputs(); ++j) {
    const std::vector<double> row = load_row(weight->matrix(), j);
    for (std::int64_t i = 0; i < op.input.rows; ++i) {
      const std::vector<double>& x = input[static_cast<std::size_t>(i)];
      double sum = op.bias.empty() ? 0.0 : op.bias.data[j];
      for (std::size_t k = 0; k < row.size(); ++k) sum += x[k] * row[k];
      const double residual = op.residual.empty() ? 0.0 : load(op.residual, i, j);
      store(op.output, i, j, activate(op.activation, sum) + residual);
    }
  }
}

}  // namespace virnucpro
