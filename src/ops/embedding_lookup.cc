#include "ops/embedding_lookup.h"

#include "base/check.h"
#include "ops/validate.h"

namespace virnucpro::ops {

void validate(const EmbeddingLookup& op) {
  constexpr auto kName = "embedding_lookup";
  check_matrix(kName, "table", op.table);
  check_matrix(kName, "output", op.output, op.ids.size, op.table.columns);
  check_floats(kName, "addend", op.addend, op.table.columns, true);
  for (std::int64_t i = 0; i < op.ids.size; ++i) {
    check(op.ids.data[i] >= 0 && op.ids.data[i] < op.table.rows,
          "embedding_lookup: id {} at {} is outside the table of {} rows", op.ids.data[i], i,
          op.table.rows);
  }
}

}  // namespace virnucpro::ops
