#include "dataset/selection.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include "base/check.h"
#include "base/mix.h"

namespace virnucpro {
namespace {

using Indices = std::vector<std::size_t>;
using Sources = std::map<std::uint32_t, Indices>;  // of one group: candidates by source

struct Group {
  bool is_virus = false;
  std::uint64_t available = 0;
  Sources sources;
};
using Groups = std::map<std::uint32_t, Group>;  // of one split

class Selector {
 public:
  Selector(std::span<const Candidate> candidates, std::span<const LabelledRecord> records,
           const SelectionRule& rule)
      : candidates_(candidates), records_(records), rule_(rule) {}

  Selection select() {
    std::array<Groups, kSplits> splits;
    for (const std::size_t index : without_repeats()) {
      const LabelledRecord& record = record_of(index);
      Group& group = splits[static_cast<std::size_t>(record.split)][record.label.group];
      group.is_virus = record.label.is_virus;
      ++group.available;
      group.sources[record.label.source].push_back(index);
    }
    for (std::size_t split = 0; split < kSplits; ++split) {
      take_split(splits[split], selection_.splits[split], wanted(static_cast<Split>(split)));
    }
    std::sort(selection_.taken.begin(), selection_.taken.end());
    return std::move(selection_);
  }

 private:
  const LabelledRecord& record_of(std::size_t index) const {
    return records_[candidates_[index].record];
  }

  /// Of candidates with the same bases, the first: the one in the earliest split, so that training
  /// data never judge, and there the one that came first.
  Indices without_repeats() {
    Indices order(candidates_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto key = [this](std::size_t i) {
      return std::tuple(candidates_[i].hash, record_of(i).split, i);
    };
    std::sort(order.begin(), order.end(),
              [&key](std::size_t a, std::size_t b) { return key(a) < key(b); });
    Indices kept;
    for (const std::size_t index : order) {
      if (kept.empty() || candidates_[kept.back()].hash != candidates_[index].hash) {
        kept.push_back(index);
        last_split_ = record_of(index).split;
      } else if (record_of(index).split == last_split_) {
        ++selection_.repeats;
      } else {
        // A repeat within this split as well still counts as a leak.
        ++selection_.leaks;
      }
    }
    return kept;
  }

  /// The split's share of the fragments that were asked for in each class.
  std::optional<std::uint64_t> wanted(Split split) const {
    if (!rule_.fragments) return std::nullopt;
    const auto part = [this](double share) {
      return static_cast<std::uint64_t>(
          std::llround(share * static_cast<double>(*rule_.fragments)));
    };
    const std::uint64_t validation = part(rule_.shares.validation);
    const std::uint64_t test = std::min(part(rule_.shares.test), *rule_.fragments - validation);
    switch (split) {
      case Split::kTrain:
        return *rule_.fragments - validation - test;
      case Split::kValidation:
        return validation;
      case Split::kTest:
        break;
    }
    return test;
  }

  void take_split(Groups& groups, SplitSelection& result, std::optional<std::uint64_t> asked) {
    std::uint64_t least = asked.value_or(UINT64_MAX);
    for (const bool is_virus : {true, false}) {
      std::uint64_t total = 0;
      std::uint64_t count = 0;
      std::uint64_t smallest = UINT64_MAX;
      for (const auto& [number, group] : groups) {
        if (group.is_virus != is_virus) continue;
        ++count;
        total += group.available;
        smallest = std::min(smallest, group.available);
      }
      least = std::min(least, asked ? total : count == 0 ? 0 : count * smallest);
    }
    result.asked = asked;
    result.per_class = least;
    for (const auto& [number, group] : groups) {
      result.groups.push_back({number, group.is_virus, group.available, 0});
    }
    for (const bool is_virus : {true, false}) take_class(groups, is_virus, least, result);
  }

  void take_class(Groups& groups, bool is_virus, std::uint64_t total, SplitSelection& result) {
    std::vector<std::uint64_t> sizes;
    for (const auto& [number, group] : groups) {
      sizes.push_back(group.is_virus == is_virus ? group.available : 0);
    }
    const std::vector<std::uint64_t> shares = equal_shares(sizes, total);
    std::size_t i = 0;
    for (auto& [number, group] : groups) {
      if (group.is_virus == is_virus) {
        result.groups[i].taken = shares[i];
        take_group(group, shares[i]);
      }
      ++i;
    }
  }

  void take_group(Group& group, std::uint64_t total) {
    std::vector<std::uint64_t> sizes;
    for (const auto& [source, members] : group.sources) sizes.push_back(members.size());
    const std::vector<std::uint64_t> shares = equal_shares(sizes, total);
    std::size_t i = 0;
    for (auto& [source, members] : group.sources) {
      // Bases decide, not the position in the input: no two candidates here have the same bases.
      std::sort(members.begin(), members.end(), [this](std::size_t a, std::size_t b) {
        return drawn(rule_.seed, candidates_[a].hash) < drawn(rule_.seed, candidates_[b].hash);
      });
      const auto end = members.begin() + static_cast<std::ptrdiff_t>(shares[i++]);
      selection_.taken.insert(selection_.taken.end(), members.begin(), end);
    }
  }

  std::span<const Candidate> candidates_;
  std::span<const LabelledRecord> records_;
  const SelectionRule& rule_;
  Selection selection_;
  Split last_split_ = Split::kTrain;
};

}  // namespace

std::vector<std::uint64_t> equal_shares(std::span<const std::uint64_t> sizes, std::uint64_t total) {
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&sizes](std::size_t a, std::size_t b) { return sizes[a] < sizes[b]; });
  // Goes from the smallest bin on: what that lacks is shared by the remaining bins.
  std::vector<std::uint64_t> shares(sizes.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::uint64_t share = std::min(sizes[order[i]], total / (order.size() - i));
    shares[order[i]] = share;
    total -= share;
  }
  return shares;
}

Selection select_fragments(std::span<const Candidate> candidates,
                           std::span<const LabelledRecord> records, const SelectionRule& rule) {
  for (const Candidate& candidate : candidates) {
    check(candidate.record < records.size(), "a fragment of record {} of {}", candidate.record,
          records.size());
  }
  return Selector(candidates, records, rule).select();
}

}  // namespace virnucpro
