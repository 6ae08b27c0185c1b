// Reads the program's own tables by the names of their columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sequence/line_reader.h"

namespace virnucpro {

/// A tab-separated table with a head. Memory: one row. Errors are InputError with file and line, as
/// LineReader throws them. Thread-confined.
class TableReader {
 public:
  /// `columns` are those that are read, by the names in the head; others may be there as well.
  TableReader(const std::string& path, std::initializer_list<std::string_view> columns,
              const std::stop_token& stop = {});

  /// False at the end.
  bool next();
  /// A cell of the current row; `column` counts as the columns were given. Until the next row.
  std::string_view text(std::size_t column) const { return cells_[column]; }
  std::uint64_t whole(std::size_t column) const;
  /// Absent for NA.
  std::optional<double> number(std::size_t column) const;

 private:
  [[noreturn]] void fail(const std::string& problem) const;

  LineReader lines_;
  std::vector<std::string> names_;
  std::vector<std::size_t> places_;  // where each column stands in a row
  std::size_t width_ = 0;
  std::string line_;
  std::vector<std::string_view> row_;
  std::vector<std::string_view> cells_;
};

}  // namespace virnucpro
