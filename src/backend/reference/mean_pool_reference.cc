// mean_pool, plainly.
#include <algorithm>

#include "backend/reference/element.h"
#include "backend/reference/reference_backend.h"

namespace virnucpro {

void ReferenceBackend::do_mean_pool(const ops::MeanPool& op) {
  for (std::int64_t s = 0; s < op.sequences.count(); ++s) {
    const std::int64_t first = op.sequences.begin(s) + op.skip_front;
    std::int64_t rows = op.sequences.length(s) - op.skip_front - op.skip_back;
    if (op.max_rows > 0) rows = std::min(rows, op.max_rows);
    for (std::int64_t j = 0; j < op.input.columns; ++j) {
      double sum = 0.0;
      for (std::int64_t i = 0; i < rows; ++i) sum += load(op.input, first + i, j);
      store(op.output, s, j, rows > 0 ? sum / static_cast<double>(rows) : 0.0);
    }
  }
}

}  // namespace virnucpro
