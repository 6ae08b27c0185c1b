// gated_gelu, plainly.
#include "backend/reference/element.h"
#include "backend/reference/gelu.h"
#include "backend/reference/reference_backend.h"

namespace virnucpro {

void ReferenceBackend::do_gated_gelu(const ops::GatedGelu& op) {
  const std::int64_t width = op.output.columns;
  for (std::int64_t i = 0; i < op.output.rows; ++i) {
    for (std::int64_t j = 0; j < width; ++j) {
      store(op.output, i, j, exact_gelu(load(op.input, i, j)) * load(op.input, i, width + j));
    }
  }
}

}  // namespace virnucpro
