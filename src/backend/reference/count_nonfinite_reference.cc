// count_nonfinite, plainly.
#include <algorithm>
#include <cmath>

#include "backend/reference/element.h"
#include "backend/reference/reference_backend.h"

namespace virnucpro {

ops::NonfiniteCount ReferenceBackend::do_count_nonfinite(const ops::CountNonfinite& op) {
  ops::NonfiniteCount count;
  bool any_finite = false;
  for (std::int64_t i = 0; i < op.input.rows; ++i) {
    std::int32_t bad = 0;
    for (std::int64_t j = 0; j < op.input.columns; ++j) {
      const auto v = static_cast<float>(load(op.input, i, j));
      if (std::isfinite(v)) {
        count.finite_min = any_finite ? std::min(count.finite_min, v) : v;
        count.finite_max = any_finite ? std::max(count.finite_max, v) : v;
        any_finite = true;
        continue;
      }
      ++bad;
      std::isnan(v) ? ++count.nan : ++count.infinite;
    }
    if (!op.rows.empty()) op.rows[static_cast<std::size_t>(i)] = bad;
  }
  return count;
}

}  // namespace virnucpro
