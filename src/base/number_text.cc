#include "base/number_text.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Parses all of `text` by from_chars, which knows no blanks, no locale and no sign but '-'.
template <typename Number>
std::optional<Number> whole_text(std::string_view text) {
  Number value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::uint64_t> parse_whole(std::string_view text, const WholeRange& range) {
  const std::optional<std::uint64_t> value = whole_text<std::uint64_t>(text);
  if (!value || *value < range.low || *value > range.high) return std::nullopt;
  return value;
}

std::optional<double> parse_number(std::string_view text, const NumberRange& range) {
  // No sign, and neither "nan" nor "inf".
  if (text.empty() || !(is_digit(text.front()) || text.front() == '.')) return std::nullopt;
  const std::optional<double> value = whole_text<double>(text);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  const bool is_high_enough = range.low_is_open ? *value > range.low : *value >= range.low;
  const bool is_low_enough = range.high_is_open ? *value < range.high : *value <= range.high;
  if (!is_high_enough || !is_low_enough) return std::nullopt;
  return value;
}

std::string described(const WholeRange& range) {
  const std::string zero = range.zero.empty() ? "" : fmt::format(" ({})", range.zero);
  return fmt::format("a whole number from {}{} to {}", range.low, zero, range.high);
}

std::string described(const NumberRange& range) {
  if (range.low_is_open) {
    return fmt::format("a number above {} and {} {}", range.low,
                       range.high_is_open ? "below" : "at most", range.high);
  }
  return fmt::format("a number from {} {} {}", range.low, range.high_is_open ? "to below" : "to",
                     range.high);
}

void refuse_value(std::string_view place, std::string_view text, std::string_view values) {
  throw ConfigError(fmt::format("{}: '{}' cannot be used; it takes {}", place, text, values));
}

}  // namespace virnucpro
