// What records are, as somebody who knows has written it down.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

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
  std::unordered_map<std::string, RecordLabel> labels;  ///< by record id
  std::vector<std::string> groups;
  std::uint32_t sources = 0;
  std::vector<std::string> source_names;  ///< by RecordLabel::source
  std::vector<std::string> species;
};

/// Throws InputError with file, line and what to do: a column that is missing, a label of another
/// name, an id that occurs twice, a group of both labels, no line at all.
LabelTable read_label_table(const std::string& path);

}  // namespace virnucpro
