// Which records of a run are written once more, in their own format.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/name_hash.h"

namespace virnucpro {

/// viral: called virus. others: called others. all-but-viral: all that are not called virus, also
/// those without a call, as host depletion keeps what is not host.
enum class WhichRecords : std::uint8_t { kViral, kOthers, kAllButViral };
inline constexpr std::array kWhichRecords = {WhichRecords::kViral, WhichRecords::kOthers,
                                             WhichRecords::kAllButViral};
std::string_view name_of(WhichRecords which);

/// The name of a read's template: without /1 or /2.
std::string_view template_name(std::string_view id);

/// The calls of all records of a run. Mates stay together: a pair is viral when one of the two is,
/// and of the others when one is and none is viral. Memory: two bits a record, and 16 bytes a
/// record that decides about a mate. Thread-confined.
class RecordChoice {
 public:
  explicit RecordChoice(WhichRecords which) : which_(which) {}

  /// Records in the order of their ordinals, which have no gaps.
  void add(std::string_view id, bool is_viral, bool is_scored);
  /// To be called after the last record.
  void finish();

  /// `has_mates`: records of one name belong together. A name with /1 or /2 always has.
  bool takes(std::uint64_t ordinal, std::string_view name, bool has_mates) const;
  /// Of an alignment that is no record: goes with its name.
  bool takes_name(std::string_view name) const;

 private:
  bool takes(bool is_viral, bool is_scored) const;

  WhichRecords which_;
  std::vector<bool> viral_;
  std::vector<bool> scored_;
  std::vector<NameHash> viral_names_;   // sorted by finish()
  std::vector<NameHash> scored_names_;  // the same; empty unless they are asked for
};

}  // namespace virnucpro
