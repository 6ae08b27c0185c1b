#include "ops/mean_pool.h"

#include "base/check.h"
#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const MeanPool& op) {
  constexpr auto kName = "mean_pool";
  check_matrix(kName, "input", op.input);
  check_sequences(kName, op.sequences, op.input.rows);
  check_matrix(kName, "output", op.output, op.sequences.count(), op.input.columns);
  check(op.output.type == DataType::kFloat32, "mean_pool: output must be float32");
  check(op.skip_front >= 0 && op.skip_back >= 0 && op.max_rows >= 0,
        "mean_pool: negative row limits");
}

}  // namespace virnucpro::ops
