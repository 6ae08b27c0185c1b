// softmax, plainly.
#include <algorithm>
#include <cmath>
#include <limits>

#include "backend/reference/element.h"
#include "backend/reference/reference_backend.h"

namespace virnucpro {

void ReferenceBackend::do_softmax(const ops::Softmax& op) {
  for (std::int64_t i = 0; i < op.input.rows; ++i) {
    std::vector<double> row = load_row(op.input, i);
    double largest = -std::numeric_limits<double>::infinity();
    for (const double v : row) largest = std::max(largest, v);
    double sum = 0.0;
    for (double& v : row) {
      v = std::exp(v - largest);
      sum += v;
    }
    for (std::size_t j = 0; j < row.size(); ++j) {
      store(op.output, i, static_cast<std::int64_t>(j), row[j] / sum);
    }
  }
}

}  // namespace virnucpro
