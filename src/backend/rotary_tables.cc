// Cosines and sines of the rotary angles.
#include "backend/rotary_tables.h"

#include <algorithm>
#include <cmath>

namespace virnucpro {

const RotaryTable& RotaryTables::get(std::int64_t head_width, std::int64_t positions) {
  RotaryTable& table = tables_[head_width];
  const std::int64_t half = head_width / 2;
  const auto have =
      static_cast<std::int64_t>(table.cosine.size()) / std::max<std::int64_t>(half, 1);
  if (have >= positions) return table;
  // Doubled: sequences that grow one by one must not rebuild the table each time.
  const std::int64_t rows = std::max(positions, 2 * have);
  table.cosine.reserve(static_cast<std::size_t>(rows * half));
  table.sine.reserve(static_cast<std::size_t>(rows * half));
  for (std::int64_t position = have; position < rows; ++position) {
    for (std::int64_t j = 0; j < half; ++j) {
      const double exponent = -2.0 * static_cast<double>(j) / static_cast<double>(head_width);
      const double angle = static_cast<double>(position) * std::pow(10000.0, exponent);
      table.cosine.push_back(static_cast<float>(std::cos(angle)));
      table.sine.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  return table;
}

}  // namespace virnucpro
