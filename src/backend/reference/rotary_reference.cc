// rotary, plainly: angles in double, half-split form (docs/numerics.md).
#include <cmath>

#include "backend/reference/element.h"
#include "backend/reference/reference_backend.h"

namespace virnucpro {

void ReferenceBackend::do_rotary(const ops::Rotary& op) {
  const std::int64_t head_width = op.qkv.columns / (3 * op.heads);
  const std::int64_t half = head_width / 2;
  const auto rotate = [&](std::int64_t row, std::int64_t first, std::int64_t position,
                          double scale) {
    for (std::int64_t j = 0; j < half; ++j) {
      const double exponent = -2.0 * static_cast<double>(j) / static_cast<double>(head_width);
      const double angle = static_cast<double>(position) * std::pow(10000.0, exponent);
      const double u = scale * load(op.qkv, row, first + j);
      const double v = scale * load(op.qkv, row, first + j + half);
      store(op.qkv, row, first + j, u * std::cos(angle) - v * std::sin(angle));
      store(op.qkv, row, first + j + half, v * std::cos(angle) + u * std::sin(angle));
    }
  };
  for (std::int64_t s = 0; s < op.sequences.count(); ++s) {
    for (std::int64_t position = 0; position < op.sequences.length(s); ++position) {
      const std::int64_t row = op.sequences.begin(s) + position;
      for (std::int64_t head = 0; head < op.heads; ++head) {
        rotate(row, head * head_width, position, op.query_scale);
        rotate(row, (op.heads + head) * head_width, position, 1.0);
      }
    }
  }
}

}  // namespace virnucpro
