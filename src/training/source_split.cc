#include "training/source_split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_set>

#include "base/check.h"
#include "base/random.h"

namespace virnucpro {

FrameSplit split_by_source(std::span<const FrameTruth> truth, double share, std::uint64_t seed) {
  check(share >= 0.0 && share < 1.0, "a validation share of {}", share);
  std::map<std::uint32_t, std::vector<std::uint32_t>> sources_of;  // by group
  std::unordered_set<std::uint32_t> seen;
  for (const FrameTruth& frame : truth) {
    if (seen.insert(frame.source).second) sources_of[frame.group].push_back(frame.source);
  }
  FrameSplit split;
  std::unordered_set<std::uint32_t> held_out;
  Random random(seed);
  for (auto& [group, sources] : sources_of) {
    if (sources.size() == 1) {
      split.undivided_groups.push_back(group);
      continue;
    }
    if (share == 0.0) continue;
    random.shuffle(sources);
    const auto wanted =
        static_cast<std::size_t>(std::lround(share * static_cast<double>(sources.size())));
    const std::size_t count = std::clamp<std::size_t>(wanted, 1, sources.size() - 1);
    held_out.insert(sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(count));
  }
  for (std::size_t i = 0; i < truth.size(); ++i) {
    (held_out.contains(truth[i].source) ? split.validation : split.training).push_back(i);
  }
  split.validation_sources = static_cast<std::uint32_t>(held_out.size());
  split.training_sources = static_cast<std::uint32_t>(seen.size() - held_out.size());
  return split;
}

}  // namespace virnucpro
