#include "ops/linear.h"

#include "base/check.h"
#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const Linear& op) {
  constexpr auto kName = "linear";
  check(op.weight != nullptr, "linear: no weight");
  check_matrix(kName, "input", op.input, op.input.rows, op.weight->inputs());
  check_matrix(kName, "output", op.output, op.input.rows, op.weight->outputs());
  check_floats(kName, "bias", op.bias, op.weight->outputs(), true);
  if (!op.residual.empty()) {
    check_matrix(kName, "residual", op.residual, op.input.rows, op.weight->outputs());
  }
  check(op.input.data != op.output.data || op.input.rows == 0, "linear: output overlaps input");
}

}  // namespace virnucpro::ops
