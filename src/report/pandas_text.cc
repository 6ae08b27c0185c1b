#include "report/pandas_text.h"

#include <charconv>
#include <cmath>

#include "report/format_float.h"

namespace virnucpro {

void append_pandas_text(std::string& row, std::string_view text) {
  if (text.find('"') == std::string_view::npos) {
    row += text;
    return;
  }
  row += '"';
  for (const char c : text) {
    if (c == '"') row += '"';
    row += c;
  }
  row += '"';
}

void append_rounded_by_numpy(std::string& row, double value) {
  append_float64(row, std::nearbyint(value * 1000.0) / 1000.0);
}

void append_rounded_by_python(std::string& row, double value) {
  if (value == 0.0 || value == 1.0) {  // of records with one chunk all are
    row += value == 0.0 ? "0.0" : "1.0";
    return;
  }
  char digits[32];  // of a share, which is at most 1
  const auto end =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 3);
  double rounded = 0.0;
  std::from_chars(digits, end.ptr, rounded);
  append_float64(row, rounded);
}

}  // namespace virnucpro
