// Result tables, cut into cells.
#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace virnucpro::test {

using Table = std::vector<std::vector<std::string>>;

/// Rows of a TSV file, header first.
inline Table table_of(const std::string& text) {
  Table rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, '\t');) rows.back().push_back(cell);
  }
  return rows;
}

/// The cells of a column, by its name, without the header.
inline std::vector<std::string> column(const Table& table, const std::string& name) {
  std::size_t at = 0;
  while (at < table.at(0).size() && table[0][at] != name) ++at;
  std::vector<std::string> cells;
  for (std::size_t i = 1; i < table.size(); ++i) cells.push_back(table[i].at(at));
  return cells;
}

}  // namespace virnucpro::test
