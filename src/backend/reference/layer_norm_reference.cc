// layer_norm, plainly: two passes over each row.
#include <cmath>

#include "backend/reference/element.h"
#include "backend/reference/reference_backend.h"

namespace virnucpro {

void ReferenceBackend::do_layer_norm(const ops::LayerNorm& op) {
  const auto width = static_cast<double>(op.input.columns);
  for (std::int64_t i = 0; i < op.input.rows; ++i) {
    std::vector<double> x = load_row(op.input, i);
    double sum = 0.0;
    for (std::size_t j = 0; j < x.size(); ++j) {
      if (!op.residual.empty()) x[j] += load(op.residual, i, static_cast<std::int64_t>(j));
      sum += x[j];
    }
    const double mean = sum / width;
    double squares = 0.0;
    for (const double v : x) squares += (v - mean) * (v - mean);
    const double scale = 1.0 / std::sqrt(squares / width + op.epsilon);
    for (std::size_t j = 0; j < x.size(); ++j) {
      x[j] = (x[j] - mean) * scale * op.gamma.data[j] + op.beta.data[j];
      if (!op.output.empty()) store(op.output, i, static_cast<std::int64_t>(j), x[j]);
    }
    if (!op.quantized.empty()) store_quantized(op.quantized, i, op.input.type, x);
  }
}

}  // namespace virnucpro
