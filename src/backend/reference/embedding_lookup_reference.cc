// embedding_lookup, plainly.
#include "backend/reference/element.h"
#include "backend/reference/reference_backend.h"

namespace virnucpro {

void ReferenceBackend::do_embedding_lookup(const ops::EmbeddingLookup& op) {
  for (std::int64_t i = 0; i < op.ids.size; ++i) {
    for (std::int64_t j = 0; j < op.table.columns; ++j) {
      const double addend = op.addend.empty() ? 0.0 : op.addend.data[j];
      store(op.output, i, j, op.scale * (load(op.table, op.ids.data[i], j) + addend));
    }
  }
}

}  // namespace virnucpro
