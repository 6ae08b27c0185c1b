#include "ops/rotary.h"

#include "base/check.h"
#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const Rotary& op) {
  constexpr auto kName = "rotary";
  check_matrix(kName, "qkv", op.qkv);
  check(op.heads > 0 && op.qkv.columns % (6 * op.heads) == 0,
        "rotary: {} columns do not hold (3, {} heads, an even width)", op.qkv.columns, op.heads);
  check_sequences(kName, op.sequences, op.qkv.rows);
}

}  // namespace virnucpro::ops
