#include "ops/attention.h"

#include "base/check.h"
#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const Attention& op) {
  constexpr auto kName = "attention";
  check_matrix(kName, "qkv", op.qkv);
  check(op.heads > 0 && op.qkv.columns % (3 * op.heads) == 0,
        "attention: {} columns do not hold (3, {} heads, width)", op.qkv.columns, op.heads);
  check(!op.rotary || op.qkv.columns % (6 * op.heads) == 0,
        "attention: rotary needs heads of an even width, not {} columns of (3, {} heads, width)",
        op.qkv.columns, op.heads);
  check_matrix(kName, "output", op.output, op.qkv.rows, op.qkv.columns / 3);
  check_sequences(kName, op.sequences, op.qkv.rows);
  check_floats(kName, "alibi_slopes", op.alibi_slopes, op.heads, true);
}

}  // namespace virnucpro::ops
