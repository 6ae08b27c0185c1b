#include "page/density.h"

#include <algorithm>
#include <cmath>

namespace virnucpro {
namespace {

/// The cell of `share` (0 to 1) among `cells`; 1 belongs to the last.
std::size_t cell_of(double share, std::size_t cells) {
  const double at = std::floor(std::clamp(share, 0.0, 1.0) * static_cast<double>(cells));
  return std::min(static_cast<std::size_t>(at), cells - 1);
}

}  // namespace

void Density::add(std::uint64_t length, const std::optional<double>& gc, double value) {
  const std::size_t y = cell_of(value, kValues);
  if (length > 0) {
    const double octaves = std::log2(static_cast<double>(length));
    const auto x = static_cast<std::size_t>(std::floor(4.0 * octaves));
    ++by_length_[std::min(x, kLengths - 1) * kValues + y];
  }
  if (gc) ++by_gc_[cell_of(*gc, kGc) * kValues + y];
}

}  // namespace virnucpro
