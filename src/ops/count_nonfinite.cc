#include "ops/count_nonfinite.h"

#include "base/check.h"
#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const CountNonfinite& op) {
  check_matrix("count_nonfinite", "input", op.input);
  check(op.rows.empty() || static_cast<std::int64_t>(op.rows.size()) == op.input.rows,
        "count_nonfinite: {} row counters for {} rows", op.rows.size(), op.input.rows);
}

}  // namespace virnucpro::ops
