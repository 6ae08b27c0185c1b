// Decides which species are trained on, and which ones are kept for validation and test.
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

/// Each share is from 0 to below 1, and their sum below 1: the rest is trained on.
struct SplitShares {
  double validation = 0.1;
  double test = 0.1;
};

struct SplitSpecies {
  std::string name;
  std::uint32_t group = 0;  ///< that of its first record
};

/// The split of each species, drawn group by group in an order that comes from the seed and the
/// names, so that the order of the input does not matter. A share of a group's species is rounded,
/// but each split with a share gets at least one as long as one is left to train on: of two species
/// the second is for the test, where there is one.
std::vector<Split> split_species(std::span<const SplitSpecies> species, const SplitShares& shares,
                                 std::uint64_t seed);

}  // namespace virnucpro
