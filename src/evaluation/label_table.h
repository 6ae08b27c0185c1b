// What records are, as somebody who knows has written it down.
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

/// A table with tabs and a head. Columns, in any order: `id`, `label` (virus or other), and, where
/// wanted, `group` (else the label), `source` (else the id) and `species` (else the source). Other
/// columns are passed over, and so are empty lines.
struct LabelTable {
  std::unordered_map<std::string, RecordLabel> labels;  ///< by record id, escaped
  std::vector<std::string> groups;
  std::uint32_t sources = 0;
  std::vector<std::string> source_names;  ///< by RecordLabel::source
  std::vector<std::string> species;
  FileContent file;  ///< what the table was read from

  /// Of a record by its id as read, which the table may have as it is or as result tables write it
  /// (base/escape.h); null: none.
  const RecordLabel* find(std::string_view id) const;
};

/// Plain or compressed, as LineReader reads it: opened once, a pipe as well. Throws Interrupted,
/// and InputError with file, line and what to do: a column that is missing, a label of another
/// name, an id that occurs twice, a group of both labels, no line at all.
LabelTable read_label_table(const std::string& path, const std::stop_token& stop = {});

/// What a table and an input do not have in common.
struct LeftOut {
  std::uint64_t unlabelled_records = 0;
  std::string first_unlabelled;     ///< id of the first of them
  std::uint64_t unused_labels = 0;  ///< of ids that the input does not have
  /// A label that differs only in version, case or words behind the name from `near_id`, a record
  /// without a label; empty where none is so near.
  std::string near_label;
  std::string near_id;
};

/// A sentence with a blank before it about the two that are near each other; empty where none is.
std::string near_label_hint(const LeftOut& left_out);

/// `owner` ends a sentence: "the run does not have".
void warn_of_what_is_left_out(const LeftOut& left_out, const char* owner, const Log& log);

/// Looks up the records of an input one by one. The table must outlive it.
class LabelLookup {
 public:
  explicit LabelLookup(const LabelTable& table) : table_(table) {}

  /// Null for a record without a label. Throws InputError where an earlier record has had the same
  /// one: nobody can tell which of them it is of. `place` and `record` (from 0) are for the
  /// message.
  const RecordLabel* find(std::string_view id, std::string_view place, std::uint64_t record);
  /// Of the records looked up so far.
  LeftOut left_out() const;

 private:
  const LabelTable& table_;
  std::unordered_set<const RecordLabel*> used_;
  std::uint64_t unlabelled_ = 0;
  std::vector<std::string> first_unlabelled_;  ///< some of them
};

}  // namespace virnucpro
