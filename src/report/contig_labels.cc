#include "report/contig_labels.h"

#include <algorithm>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/split.h"
#include "report/tier_table.h"

namespace virnucpro {
namespace {

/// Takes the quotes away that pandas puts around a text with quotes.
std::string unquoted(const std::string& field) {
  if (field.size() < 2 || field.front() != '"' || field.back() != '"') return field;
  std::string text;
  for (std::size_t i = 1; i + 1 < field.size(); ++i) {
    text += field[i];
    if (field[i] == '"' && field[i + 1] == '"') ++i;
  }
  return text;
}

}  // namespace

ContigLabels::ContigLabels() : calls_{"Unclassified"} {
  unclassified_.figures = "0.0\t0\t0\t0\t0\t0.0\t0.0";
}

std::uint32_t ContigLabels::call_number(const std::string& name) {
  const auto found = std::ranges::find(calls_, name);
  if (found == calls_.end()) calls_.push_back(name);
  return static_cast<std::uint32_t>(std::ranges::find(calls_, name) - calls_.begin());
}

void ContigLabels::add_line(std::string_view line, const std::string& place) {
  const std::vector<std::string> fields = split(line, '\t');
  if (columns_.empty()) {
    std::vector<std::size_t> columns;
    for (const std::string& name : split(kTierColumns, '\t')) {
      const auto found = std::ranges::find(fields, name);
      if (found == fields.end()) {
        throw InputError(fmt::format(
            "{}: has no column {}. Give a folder of results, its contig_tiers.tsv, or the table of "
            "viral-ngs' virnucpro_contigs.",
            place, name));
      }
      columns.push_back(static_cast<std::size_t>(found - fields.begin()));
    }
    columns_ = std::move(columns);
    return;
  }
  if (line.empty()) return;
  if (*std::ranges::max_element(columns_) >= fields.size()) {
    throw InputError(
        fmt::format("{}: has {}, fewer than its header.", place, counted(fields.size(), "column")));
  }
  ContigLabel label;
  label.call = call_number(fields[columns_[1]]);
  label.tier = fields[columns_[2]];
  for (std::size_t i = 3; i < columns_.size(); ++i) {
    if (i > 3) label.figures += '\t';
    label.figures += fields[columns_[i]];
  }
  const std::string id = unquoted(fields[columns_[0]]);
  if (!labels_.emplace(id, std::move(label)).second) {
    throw InputError(fmt::format("{}: the contig '{}' comes twice.", place, shown_id(id)));
  }
}

const ContigLabel& ContigLabels::of(const std::string& id) const {
  const auto found = labels_.find(id);
  return found == labels_.end() ? unclassified_ : found->second;
}

}  // namespace virnucpro
