#include "ops/linear.h"

#include "base/check.h"
#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const Linear& op) {
  constexpr auto kName = "linear";
  check(op.weight != nullptr, "linear: no weight");
  const bool is_float8 = op.weight->type() == DataType::kFloat8E4M3;
  if (is_float8 && op.input.type == DataType::kFloat8E4M3) {
    check_floats(kName, "input_scales", op.input_scales, op.input.rows, op.input.rows == 0);
    check(op.input.columns == op.weight->inputs() && op.input.stride >= op.input.columns &&
              (op.input.data != nullptr || op.input.rows == 0),
          "linear: quantised input is [{}, {}] with stride {}, the weight has {} inputs",
          op.input.rows, op.input.columns, op.input.stride, op.weight->inputs());
  } else {
    check(op.input_scales.empty(), "linear: input_scales beside an input of type {}",
          name_of(op.input.type));
    check_matrix(kName, "input", op.input, op.input.rows, op.weight->inputs());
  }
  if (op.quantized.empty()) {
    check_matrix(kName, "output", op.output, op.input.rows, op.weight->outputs());
  } else {
    check(is_float8 && op.output.empty() && op.residual.empty(),
          "linear: quantized beside an output, a residual or a weight of {}",
          name_of(op.weight->type()));
    check_quantized(kName, op.quantized, op.input.rows, op.weight->outputs());
  }
  check_floats(kName, "bias", op.bias, op.weight->outputs(), true);
  if (!op.residual.empty()) {
    check_matrix(kName, "residual", op.residual, op.input.rows, op.weight->outputs());
  }
  const void* written = op.quantized.empty() ? op.output.data : op.quantized.values.data;
  check(op.input.data != written || op.input.rows == 0, "linear: output overlaps input");
}

}  // namespace virnucpro::ops
