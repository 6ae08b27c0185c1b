// Selects the fragments of a dataset: balanced by class, group and source, and each only once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataset/fragment_finder.h"
#include "dataset/species_split.h"
#include "evaluation/label_table.h"

namespace virnucpro {

/// A fragment that may be taken. It has 24 bytes, because a dataset holds those of all genomes.
struct Candidate {
  std::uint64_t hash = 0;    ///< as in FoundFragment
  std::uint32_t record = 0;  ///< index of LabelledRecord
  std::uint32_t chunk = 0;   ///< within the record
  FrameMask frames;
};

/// A record of the input that has a label.
struct LabelledRecord {
  RecordLabel label;
  Split split = Split::kTrain;
};

struct SelectionRule {
  std::optional<std::uint64_t> fragments;  ///< of each class, in all splits together
  SplitShares shares;
  std::uint64_t seed = 1;
};

/// What one group has in one split, and how much of it is taken.
struct GroupSelection {
  std::uint32_t group = 0;
  bool is_virus = false;
  std::uint64_t available = 0;
  std::uint64_t taken = 0;
};

struct SplitSelection {
  std::optional<std::uint64_t> asked;  ///< fragments of each class
  std::uint64_t per_class = 0;         ///< that were taken
  std::vector<GroupSelection> groups;  ///< those with a fragment, by number
};

struct Selection {
  /// Indices of the candidates that are taken, ascending.
  std::vector<std::size_t> taken;
  std::array<SplitSelection, kSplits> splits;
  std::uint64_t leaks = 0;    ///< left out: an earlier split has the same bases, on either strand
  std::uint64_t repeats = 0;  ///< left out: the split itself has them
};

/// Shares `total` among bins of these sizes as equally as they allow; what the bins do not hold is
/// not given. The result sums to the smaller of `total` and all sizes together. Pure.
std::vector<std::uint64_t> equal_shares(std::span<const std::uint64_t> sizes, std::uint64_t total);

/// Takes as many viral fragments as others in each split. Within a class, groups give equally;
/// within a group, sources do, as far as they have any; within a source the seed decides. Without
/// `rule.fragments`, takes as many as keep all groups of a class equal. The order of the candidates
/// only decides which one of equals is taken.
Selection select_fragments(std::span<const Candidate> candidates,
                           std::span<const LabelledRecord> records, const SelectionRule& rule);

}  // namespace virnucpro
