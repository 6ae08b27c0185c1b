// convert, plainly.
#include "backend/reference/element.h"
#include "backend/reference/reference_backend.h"

namespace virnucpro {

void ReferenceBackend::do_convert(const ops::Convert& op) {
  for (std::int64_t i = 0; i < op.input.rows; ++i) {
    for (std::int64_t j = 0; j < op.input.columns; ++j) {
      store(op.output, i, j, load(op.input, i, j));
    }
  }
}

}  // namespace virnucpro
