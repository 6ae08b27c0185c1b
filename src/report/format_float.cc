#include "report/format_float.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace virnucpro {
namespace {

// Where NumPy changes to scientific notation. The comparison is made in double on purpose: the
// float nearest to 1e-4 is below it, and NumPy, too, prints it as 1e-04.
constexpr double kSmallestPositional = 1e-4;
constexpr double kSmallestLargeScientific = 1e16;

/// False for a finite value; appends any other.
template <typename Float>
bool append_nonfinite(std::string& text, Float value) {
  if (std::isfinite(value)) return false;
  text += std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
  return true;
}

}  // namespace

void append_float32(std::string& text, float value) {
  if (append_nonfinite(text, value)) return;
  const double magnitude = std::abs(static_cast<double>(value));
  const bool scientific = magnitude != 0.0 && (magnitude < kSmallestPositional ||
                                               magnitude >= kSmallestLargeScientific);
  char digits[64];  // a positional float32 below 1e16 takes at most 26
  const auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
  const auto result = std::to_chars(digits, digits + sizeof digits, value, format);
  const std::string_view written(digits, static_cast<std::size_t>(result.ptr - digits));
  text += written;
  if (!scientific && written.find('.') == std::string_view::npos) text += ".0";
}

void append_float64(std::string& text, double value) {
  if (append_nonfinite(text, value)) return;
  // Python decides by the exponent of the shortest digits, not by the value.
  char digits[32];
  auto result = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific);
  std::string_view written(digits, static_cast<std::size_t>(result.ptr - digits));
  const std::size_t sign = written.find('e') + 1;  // always there: 1e+00
  int exponent = 0;
  std::from_chars(digits + sign + 1, result.ptr, exponent);
  if (digits[sign] == '-') exponent = -exponent;
  if (exponent < 0 && exponent >= -4) {
    // A share, as nearly all values of the tables are: the same digits behind zeros, at the cost of
    // looking for them once.
    const std::string_view found = written.substr(0, sign - 1);
    const std::size_t first = found.front() == '-' ? 1 : 0;
    text.append(found.substr(0, first)).append("0.");
    text.append(static_cast<std::size_t>(-exponent - 1), '0');
    text += found[first];
    if (found.size() > first + 1) text += found.substr(first + 2);
    return;
  }
  if (exponent >= -4 && exponent < 16) {
    result = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed);
    written = std::string_view(digits, static_cast<std::size_t>(result.ptr - digits));
    text += written;
    if (written.find('.') == std::string_view::npos) text += ".0";
    return;
  }
  text += written;
}

std::string format_float32(float value) {
  std::string text;
  append_float32(text, value);
  return text;
}

}  // namespace virnucpro
