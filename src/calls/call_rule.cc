#include "calls/call_rule.h"

#include <cstddef>
#include <functional>

namespace virnucpro {

std::optional<double> record_score(std::vector<double> chunk_scores) {
  if (chunk_scores.empty()) return std::nullopt;
  // More than half of the chunks are viral up to this one's score.
  const auto decisive = chunk_scores.begin() + static_cast<std::ptrdiff_t>(chunk_scores.size() / 2);
  std::nth_element(chunk_scores.begin(), decisive, chunk_scores.end(), std::greater<>());
  return *decisive;
}

}  // namespace virnucpro
