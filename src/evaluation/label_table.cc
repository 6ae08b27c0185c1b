#include "evaluation/label_table.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/path_kind.h"
#include "base/split.h"
#include "sequence/line_reader.h"

namespace virnucpro {
namespace {

/// The part that all ids of one record share: the accession in "NC_001416.1 Lambda", in
/// "gi|9626243|ref|NC_001416.1|" and in "nc_001416".
std::string core_of(std::string_view id) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '"'; };
  while (!id.empty() && (is_blank(id.front()) || id.front() == '>')) id.remove_prefix(1);
  id = id.substr(
      0, static_cast<std::size_t>(std::find_if(id.begin(), id.end(), is_blank) - id.begin()));
  while (id.ends_with('|')) id.remove_suffix(1);
  id.remove_prefix(id.find_last_of('|') + 1);
  const std::size_t dot = id.find_last_of('.');
  if (dot != std::string_view::npos && dot > 0 &&
      id.find_first_not_of("0123456789", dot + 1) == std::string_view::npos) {
    id = id.substr(0, dot);
  }
  std::string core(id);
  std::transform(core.begin(), core.end(), core.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return core;
}

class Reader {
 public:
  Reader(const std::string& path, const std::stop_token& stop)
      : lines_(path, {}, {stop, std::nullopt}) {}

  LabelTable read() {
    read_head();
    LabelTable table;
    while (next_line()) add_row(table);
    if (table.labels.empty()) fail("expected records below the head, found none");
    table.file = lines_.file().content;
    return table;
  }

 private:
  /// False at the end.
  bool next_line() {
    while (lines_.next(line_)) {
      if (!line_.empty()) return true;
    }
    return false;
  }

  void read_head() {
    if (!next_line()) fail("the table is empty; it needs a head with the columns id and label");
    const std::vector<std::string> names = split(line_, '\t');
    columns_ = names.size();
    const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
      const auto found = std::find(names.begin(), names.end(), name);
      if (found == names.end()) return std::nullopt;
      return static_cast<std::size_t>(found - names.begin());
    };
    const auto id = find("id");
    const auto label = find("label");
    if (!id || !label) {
      fail(
          fmt::format("expected a head with the columns id and label, separated by tabs, found "
                      "'{}'",
                      line_.substr(0, 100)));
    }
    id_ = *id;
    label_ = *label;
    group_ = find("group");
    source_ = find("source");
    species_column_ = find("species");
  }

  void add_row(LabelTable& table) {
    const std::vector<std::string> fields = split(line_, '\t');
    if (fields.size() != columns_) {
      fail(fmt::format("expected {} fields as in the head, found {}", columns_, fields.size()));
    }
    const std::string& label = fields[label_];
    if (label != "virus" && label != "other") {
      fail(fmt::format("expected virus or other as the label, found '{}'", shown_id(label)));
    }
    RecordLabel row;
    row.is_virus = label == "virus";
    row.group = group_number(field_or(fields, group_, label), row.is_virus, table);
    const std::string& source = field_or(fields, source_, fields[id_]);
    row.source = number_of(source, sources_, table.source_names);
    table.sources = static_cast<std::uint32_t>(sources_.size());
    row.species = number_of(field_or(fields, species_column_, source), species_, table.species);
    if (!table.labels.try_emplace(escaped(fields[id_]), row).second) {
      fail(fmt::format("the id '{}' occurs a second time; give each record one line",
                       shown_id(fields[id_])));
    }
  }

  static const std::string& field_or(const std::vector<std::string>& fields,
                                     std::optional<std::size_t> column,
                                     const std::string& otherwise) {
    return column && !fields[*column].empty() ? fields[*column] : otherwise;
  }

  using Numbers = std::unordered_map<std::string, std::uint32_t>;

  static std::uint32_t number_of(const std::string& name, Numbers& numbers,
                                 std::vector<std::string>& names) {
    const auto [found, is_new] =
        numbers.try_emplace(name, static_cast<std::uint32_t>(names.size()));
    if (is_new) names.push_back(name);
    return found->second;
  }

  std::uint32_t group_number(const std::string& name, bool is_virus, LabelTable& table) {
    const auto next = static_cast<std::uint32_t>(table.groups.size());
    const auto [found, is_new] = groups_.try_emplace(name, next, is_virus);
    if (is_new) table.groups.push_back(name);
    if (found->second.second != is_virus) {
      fail(fmt::format("the group '{}' has both viruses and others; give them two names",
                       shown_id(name)));
    }
    return found->second.first;
  }

  [[noreturn]] void fail(const std::string& what) const {
    lines_.fail(lines_.number(), what + ".");
  }

  LineReader lines_;
  std::string line_;
  std::size_t columns_ = 0;
  std::size_t id_ = 0;
  std::size_t label_ = 0;
  std::optional<std::size_t> group_;
  std::optional<std::size_t> source_;
  std::optional<std::size_t> species_column_;
  Numbers sources_;
  Numbers species_;
  std::unordered_map<std::string, std::pair<std::uint32_t, bool>> groups_;
};

}  // namespace

LabelTable read_label_table(const std::string& path, const std::stop_token& stop) {
  const std::string problem = folder_for_file(path, "a table of labels (--labels)");
  if (!problem.empty()) throw InputError(problem);
  return Reader(path, stop).read();
}

std::string near_label_hint(const LeftOut& left_out) {
  if (left_out.near_label.empty()) return "";
  return fmt::format(
      " The table has '{}' where the input has '{}': ids must be equal to the last letter.",
      shown_id(left_out.near_label), shown_id(left_out.near_id));
}

void warn_of_what_is_left_out(const LeftOut& left_out, const char* owner, const Log& log) {
  if (left_out.unlabelled_records > 0) {
    log.warning("{}, such as '{}'.{}",
                counted(left_out.unlabelled_records, "record has no label and is left out",
                        "records have no label and are left out"),
                shown_id(left_out.first_unlabelled), near_label_hint(left_out));
  }
  if (left_out.unused_labels > 0) {
    log.warning("{} of records that {}", counted(left_out.unused_labels, "label is", "labels are"),
                owner);
  }
}

const RecordLabel* LabelTable::find(std::string_view id) const {
  const auto found = labels.find(escaped(id));
  return found == labels.end() ? nullptr : &found->second;
}

const RecordLabel* LabelLookup::find(std::string_view id, std::string_view place,
                                     std::uint64_t record) {
  constexpr std::size_t kKept = 1000;  // enough to find labels near them
  const RecordLabel* label = table_.find(id);
  if (label == nullptr) {
    ++unlabelled_;
    if (first_unlabelled_.size() < kKept) first_unlabelled_.emplace_back(id);
    return nullptr;
  }
  if (!used_.insert(label).second) {
    throw InputError(fmt::format(
        "{}: record {}: an earlier record has the id '{}' too, and a label stands for one record. "
        "Name each input once, and give records ids of their own.",
        place, record + 1, shown_id(id)));
  }
  return label;
}

LeftOut LabelLookup::left_out() const {
  LeftOut result;
  result.unlabelled_records = unlabelled_;
  result.unused_labels = table_.labels.size() - used_.size();
  if (unlabelled_ == 0) return result;
  result.first_unlabelled = first_unlabelled_.front();
  std::unordered_map<std::string, const std::string*> unlabelled;
  for (const std::string& id : first_unlabelled_) unlabelled.try_emplace(core_of(id), &id);
  for (const auto& [id, label] : table_.labels) {
    if (used_.contains(&label)) continue;
    const auto near = unlabelled.find(core_of(id));
    // The smallest one, so that the message does not depend on the order of the table.
    if (near == unlabelled.end() || (!result.near_label.empty() && result.near_label < id))
      continue;
    result.near_label = id;
    result.near_id = *near->second;
  }
  return result;
}

}  // namespace virnucpro
