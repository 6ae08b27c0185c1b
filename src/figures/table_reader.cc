#include "figures/table_reader.h"

#include <algorithm>
#include <limits>

#include "base/escape.h"
#include "base/format.h"
#include "base/number_text.h"

namespace virnucpro {
namespace {

void split_into(std::string_view line, std::vector<std::string_view>& cells) {
  cells.clear();
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find('\t', begin), line.size());
    cells.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
}

}  // namespace

TableReader::TableReader(const std::string& path, std::initializer_list<std::string_view> columns,
                         const std::stop_token& stop)
    : lines_(path, {}, {.stop = stop}), names_(columns.begin(), columns.end()) {
  if (!lines_.next(line_)) lines_.fail(1, "expected a head with names of columns");
  split_into(line_, row_);
  width_ = row_.size();
  for (const std::string& name : names_) {
    const auto found = std::ranges::find(row_, name);
    if (found == row_.end()) fail(fmt::format("expected a column '{}'", name));
    places_.push_back(static_cast<std::size_t>(found - row_.begin()));
  }
  cells_.resize(names_.size());
}

bool TableReader::next() {
  if (!lines_.next(line_)) return false;
  split_into(line_, row_);
  if (row_.size() != width_) {
    fail(fmt::format("expected {} fields as in the head, found {}", width_, row_.size()));
  }
  for (std::size_t i = 0; i < places_.size(); ++i) cells_[i] = row_[places_[i]];
  return true;
}

std::uint64_t TableReader::whole(std::size_t column) const {
  if (const auto number = parse_whole(text(column))) return *number;
  fail(fmt::format("expected a whole number as {}, found '{}'", names_[column],
                   shown_id(text(column))));
}

std::optional<double> TableReader::number(std::size_t column) const {
  if (text(column) == "NA") return std::nullopt;
  if (const auto number =
          parse_number(text(column), {.high = std::numeric_limits<double>::max()})) {
    return number;
  }
  fail(fmt::format("expected a number or NA as {}, found '{}'", names_[column],
                   shown_id(text(column))));
}

void TableReader::fail(const std::string& problem) const { lines_.fail(lines_.number(), problem); }

}  // namespace virnucpro
