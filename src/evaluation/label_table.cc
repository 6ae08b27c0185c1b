#include "evaluation/label_table.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"

namespace virnucpro {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t tab = line.find('\t', begin);
    fields.push_back(line.substr(begin, tab - begin));
    if (tab == std::string::npos) return fields;
    begin = tab + 1;
  }
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), file_(path) {
    std::error_code error;
    if (!file_ || std::filesystem::is_directory(path, error)) {
      throw InputError(fmt::format("{}: cannot be read: {}. Name a table of labels.", path,
                                   std::strerror(errno == 0 ? EISDIR : errno)));
    }
  }

  LabelTable read() {
    read_head();
    LabelTable table;
    while (next_line()) add_row(table);
    if (table.labels.empty()) fail("expected records below the head, found none");
    return table;
  }

 private:
  /// False at the end.
  bool next_line() {
    while (std::getline(file_, line_)) {
      ++number_;
      if (!line_.empty() && line_.back() == '\r') line_.pop_back();
      if (!line_.empty()) return true;
    }
    if (file_.bad()) throw InputError(fmt::format("{}: cannot be read to its end.", path_));
    return false;
  }

  void read_head() {
    if (!next_line()) fail("the table is empty; it needs a head with the columns id and label");
    const std::vector<std::string> names = split(line_);
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
    const std::vector<std::string> fields = split(line_);
    if (fields.size() != columns_) {
      fail(fmt::format("expected {} fields as in the head, found {}", columns_, fields.size()));
    }
    const std::string& label = fields[label_];
    if (label != "virus" && label != "other") {
      fail(fmt::format("expected virus or other as the label, found '{}'", label.substr(0, 60)));
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
                       fields[id_].substr(0, 60)));
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
                       name.substr(0, 60)));
    }
    return found->second.first;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(fmt::format("{}: line {}: {}.", path_, number_, what));
  }

  const std::string& path_;
  std::ifstream file_;
  std::string line_;
  std::uint64_t number_ = 0;
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

LabelTable read_label_table(const std::string& path) { return Reader(path).read(); }

void warn_of_what_is_left_out(const LeftOut& left_out, const char* owner, const Log& log) {
  if (left_out.unlabelled_records > 0) {
    log.warning("{} records have no label and are left out, such as '{}'",
                left_out.unlabelled_records, left_out.first_unlabelled.substr(0, 60));
  }
  if (left_out.unused_labels > 0) {
    log.warning("{} labels are of records that {}", left_out.unused_labels, owner);
  }
}

const RecordLabel* LabelTable::find(std::string_view id) const {
  const auto found = labels.find(escaped(id));
  return found == labels.end() ? nullptr : &found->second;
}

const RecordLabel* LabelLookup::find(std::string_view id, std::string_view place,
                                     std::uint64_t record) {
  const RecordLabel* label = table_.find(id);
  if (label == nullptr) {
    if (++unlabelled_ == 1) first_unlabelled_ = id;
    return nullptr;
  }
  if (!used_.insert(label).second) {
    throw InputError(fmt::format(
        "{}: record {}: an earlier record has the id '{}' too, and a label stands for one record. "
        "Name each input once, and give records ids of their own.",
        place, record + 1, escaped(id.substr(0, 60))));
  }
  return label;
}

LeftOut LabelLookup::left_out() const {
  return {unlabelled_, first_unlabelled_, table_.labels.size() - used_.size()};
}

}  // namespace virnucpro
