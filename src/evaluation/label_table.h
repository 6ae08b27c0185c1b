// The known classes of records, as a user has written them down.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/known_file.h"
#include "base/log.h"

namespace virnucpro {

struct RecordLabel {
  bool is_virus = false;
  std::uint32_t group = 0;    ///< index of LabelTable::groups
  std::uint32_t source = 0;   ///< index of the genome that it comes from
  std::uint32_t species = 0;  ///< index of LabelTable::species
};

/// A tab-separated table with a header. Columns, in any order: `id`, `label` (virus or other), and
/// optionally `group` (default: the label), `source` (default: the id) and `species` (default: the
/// source). Other columns and empty lines are skipped.
struct LabelTable {
  std::unordered_map<std::string, RecordLabel> labels;  ///< by record id, escaped
  std::vector<std::string> groups;
  std::uint32_t sources = 0;
  std::vector<std::string> source_names;  ///< by RecordLabel::source
  std::vector<std::string> species;
  FileContent file;  ///< what the table was read from

  /// The label of a record by its id as read. The table may have that id as it is, or as result
  /// tables write it (base/escape.h). Null: no label.
  const RecordLabel* find(std::string_view id) const;
};

/// Reads plain or compressed files as LineReader does: opened once, so it may be a pipe. Throws
/// Interrupted, and InputError with file, line and what to do: a missing column, an unknown label,
/// an id that occurs twice, a group of both labels, no line at all.
LabelTable read_label_table(const std::string& path, const std::stop_token& stop = {});

/// What a table and an input do not have in common.
struct LeftOut {
  std::uint64_t unlabelled_records = 0;
  std::string first_unlabelled;     ///< id of the first of them
  std::uint64_t unused_labels = 0;  ///< labels of ids that the input does not have
  /// A label that differs from `near_id`, a record without a label, only in version, case or words
  /// after the name; empty where there is no such pair.
  std::string near_label;
  std::string near_id;
};

/// A sentence, with a blank before it, about these two; empty where there is no such pair.
std::string near_label_hint(const LeftOut& left_out);

/// `owner` ends a sentence: "the run does not have".
void warn_of_what_is_left_out(const LeftOut& left_out, const char* owner, const Log& log);

/// Looks up the records of an input one by one. The table must outlive it.
class LabelLookup {
 public:
  explicit LabelLookup(const LabelTable& table) : table_(table) {}

  /// Null for a record without a label. Throws InputError where an earlier record has had the same
  /// one, because it is unknown which of them it belongs to. `place` and `record` (from 0) are for
  /// the message.
  const RecordLabel* find(std::string_view id, std::string_view place, std::uint64_t record);
  /// What was left out among the records looked up so far.
  LeftOut left_out() const;

 private:
  const LabelTable& table_;
  std::unordered_set<const RecordLabel*> used_;
  std::uint64_t unlabelled_ = 0;
  std::vector<std::string> first_unlabelled_;  ///< some of them
};

}  // namespace virnucpro
