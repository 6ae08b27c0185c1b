#include "ops/convert.h"

#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const Convert& op) {
  constexpr auto kName = "convert";
  check_matrix(kName, "input", op.input);
  check_matrix(kName, "output", op.output, op.input.rows, op.input.columns);
}

}  // namespace virnucpro::ops
