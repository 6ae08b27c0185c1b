// Which species are trained on, and which ones judge.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

enum class Split : std::uint8_t { kTrain, kValidation, kTest };

inline constexpr std::size_t kSplits = 3;

constexpr std::string_view split_name(Split split) {
  constexpr std::array<std::string_view, kSplits> kNames = {"train", "validation", "test"};
  return kNames[static_cast<std::size_t>(split)];
}

/// Each from 0 to below 1, and their sum below 1: the rest is trained on.
struct SplitShares {
  double validation = 0.1;
  double test = 0.1;
};

struct SplitSpecies {
  std::string name;
  std::uint32_t group = 0;  ///< the first one of its records' groups
};

/// The split of each species. Group by group, in an order drawn from the seed and the names, so
/// that it does not depend on the order of the input. A share of a group's species is rounded, but
/// at least one goes to each split with a share while one is left to train on: of two species the
/// second one tests, where there is a test.
std::vector<Split> split_species(std::span<const SplitSpecies> species, const SplitShares& shares,
                                 std::uint64_t seed);

}  // namespace virnucpro
