#include "dataset/species_split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "base/mix.h"

namespace virnucpro {
namespace {

/// The number of `species` that a share takes when at most `free` may be taken.
std::size_t share_of(double share, std::size_t species, std::size_t free) {
  if (share <= 0.0 || free == 0) return 0;
  const auto rounded = static_cast<std::size_t>(std::llround(share * static_cast<double>(species)));
  return std::clamp<std::size_t>(rounded, 1, free);
}

}  // namespace

std::vector<Split> split_species(std::span<const SplitSpecies> species, const SplitShares& shares,
                                 std::uint64_t seed) {
  std::map<std::uint32_t, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < species.size(); ++i) groups[species[i].group].push_back(i);
  std::vector<Split> splits(species.size(), Split::kTrain);
  for (auto& [group, members] : groups) {
    std::sort(members.begin(), members.end(), [&](std::size_t a, std::size_t b) {
      return std::tuple(drawn(seed, species[a].name), species[a].name) <
             std::tuple(drawn(seed, species[b].name), species[b].name);
    });
    // At least one is trained on, and validation keeps one where there are enough for all three.
    const std::size_t free = members.size() - 1;
    const std::size_t kept = shares.validation > 0.0 && free > 1 ? 1 : 0;
    const std::size_t tests = share_of(shares.test, members.size(), free - kept);
    const std::size_t validations = share_of(shares.validation, members.size(), free - tests);
    for (std::size_t i = 0; i < tests + validations; ++i) {
      splits[members[i]] = i < tests ? Split::kTest : Split::kValidation;
    }
  }
  return splits;
}

}  // namespace virnucpro
