// The one reading of numbers that people and files write as text, and the one message about those
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

/// Numbers from `low` to `high`, each of which belongs to them unless it is open. None is below 0.
struct NumberRange {
  double low = 0.0;
  double high = 1.0;
  bool low_is_open = false;
  bool high_is_open = false;
};

/// Digits, all of them decimal: "010" is 10. Nothing for any other character (sign, blank, "0x",
/// "1e3", "1_000"), for no digit and for what is out of range. No locale.
std::optional<std::uint64_t> parse_whole(std::string_view text, const WholeRange& range = {});

/// The same with a decimal point and an exponent where wanted: "0.05", ".05", "5e-2". Nothing for
/// "nan", "inf" and what a double cannot hold (1e999, 1e-999).
std::optional<double> parse_number(std::string_view text, const NumberRange& range);

/// "a whole number from 0 (all) to 4096", "a number above 0 and below 1".
std::string described(const WholeRange& range);
std::string described(const NumberRange& range);

/// Throws the ConfigError of a value that cannot be used: "<place>: '<text>' cannot be used; it
/// takes <values>". `place` is a flag, a variable, or file, line and key.
[[noreturn]] void refuse_value(std::string_view place, std::string_view text,
                               std::string_view values);

}  // namespace virnucpro
