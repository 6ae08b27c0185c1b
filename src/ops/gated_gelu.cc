#include "ops/gated_gelu.h"

#include "base/check.h"
#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const GatedGelu& op) {
  constexpr auto kName = "gated_gelu";
  if (!op.quantized.empty()) {
    check(op.output.empty(), "gated_gelu: output beside quantized");
    check_quantized(kName, op.quantized, op.input.rows, op.input.columns / 2);
    check_matrix(kName, "input", op.input, op.input.rows, 2 * op.quantized.values.columns);
    return;
  }
  check_matrix(kName, "output", op.output);
  check_matrix(kName, "input", op.input, op.output.rows, 2 * op.output.columns);
}

}  // namespace virnucpro::ops
