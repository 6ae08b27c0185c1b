#include "ops/gated_gelu.h"

#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const GatedGelu& op) {
  constexpr auto kName = "gated_gelu";
  check_matrix(kName, "output", op.output);
  check_matrix(kName, "input", op.input, op.output.rows, 2 * op.output.columns);
}

}  // namespace virnucpro::ops
