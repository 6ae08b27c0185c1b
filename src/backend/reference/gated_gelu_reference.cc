// gated_gelu, plainly.
#include "backend/reference/element.h"
#include "backend/reference/gelu.h"
#include "backend/reference/reference_backend.h"

namespace virnucpro {

void ReferenceBackend::do_gated_gelu(const ops::GatedGelu& op) {
  const std::int64_t width = op.input.columns / 2;
  std::vector<double> row(static_cast<std::size_t>(width));
  for (std::int64_t i = 0; i < op.input.rows; ++i) {
    for (std::int64_t j = 0; j < width; ++j) {
      const double value = exact_gelu(load(op.input, i, j)) * load(op.input, i, width + j);
      row[static_cast<std::size_t>(j)] = value;
      if (!op.output.empty()) store(op.output, i, j, value);
    }
    if (!op.quantized.empty()) store_quantized(op.quantized, i, op.input.type, row);
  }
}

}  // namespace virnucpro
