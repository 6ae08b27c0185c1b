// Fields of a table as pandas writes them.
#pragma once

#include <string>
#include <string_view>

namespace virnucpro {

/// Appends a text field: in quotes, and its own doubled, when it holds one.
void append_pandas_text(std::string& row, std::string_view text);

/// Append `value` rounded to 3 decimals: 0.1, 0.0, -0.533. NumPy multiplies, rounds half to even
/// and divides; Python rounds the decimal expansion of the value. They differ for 0.0025.
void append_rounded_by_numpy(std::string& row, double value);
void append_rounded_by_python(std::string& row, double value);

}  // namespace virnucpro
