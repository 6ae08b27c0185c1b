// The one parser of numbers that users and files write as text, and the one message about numbers
// that cannot be used.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace virnucpro {

/// Whole numbers from `low` to `high`. `zero` says in the message what 0 stands for, if anything.
struct WholeRange {
  std::uint64_t low = 0;
  std::uint64_t high = std::numeric_limits<std::uint64_t>::max();
  std::string_view zero = {};
};

/// Numbers from `low` to `high`, each end included unless it is open. None is below 0.
struct NumberRange {
  double low = 0.0;
  double high = 1.0;
  bool low_is_open = false;
  bool high_is_open = false;
};

/// Decimal digits alone: "010" is 10. Absent for any other character (sign, blank, "0x", "1e3",
/// "1_000"), for no digit, and for numbers out of range. Independent of the locale.
std::optional<std::uint64_t> parse_whole(std::string_view text, const WholeRange& range = {});

/// The same, with a decimal point and an exponent allowed: "0.05", ".05", "5e-2". Absent for "nan",
/// "inf" and numbers that a double cannot hold (1e999, 1e-999).
std::optional<double> parse_number(std::string_view text, const NumberRange& range);

/// "a whole number from 0 (all) to 4096", "a number above 0 and below 1".
std::string described(const WholeRange& range);
std::string described(const NumberRange& range);

/// Throws the ConfigError of a value that cannot be used: "<place>: '<text>' cannot be used; it
/// takes <values>". `place` is a flag, a variable, or file, line and key.
[[noreturn]] void refuse_value(std::string_view place, std::string_view text,
                               std::string_view values);

}  // namespace virnucpro
