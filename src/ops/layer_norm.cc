#include "ops/layer_norm.h"

#include "base/check.h"
#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const LayerNorm& op) {
  constexpr auto kName = "layer_norm";
  check_matrix(kName, "input", op.input);
  if (op.quantized.empty() || !op.output.empty()) {
    check_matrix(kName, "output", op.output, op.input.rows, op.input.columns);
  }
  if (!op.quantized.empty()) {
    check_quantized(kName, op.quantized, op.input.rows, op.input.columns);
  }
  if (!op.residual.empty()) {
    check_matrix(kName, "residual", op.residual, op.input.rows, op.input.columns);
  }
  check_floats(kName, "gamma", op.gamma, op.input.columns, false);
  check_floats(kName, "beta", op.beta, op.input.columns, false);
  check(op.epsilon > 0, "layer_norm: epsilon {} is not positive", op.epsilon);
}

}  // namespace virnucpro::ops
