#include "ops/softmax.h"

#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const Softmax& op) {
  constexpr auto kName = "softmax";
  check_matrix(kName, "input", op.input);
  check_matrix(kName, "output", op.output, op.input.rows, op.input.columns);
}

}  // namespace virnucpro::ops
