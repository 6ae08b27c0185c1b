// The table of options: the one place that says which settings exist and how each source names
// them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/settings.h"

namespace virnucpro {

/// The commands that take settings. Values are bits, so that an option can name several.
enum class Command : std::uint8_t {
  kPredict = 1,
  kEmbed = 2,
  kValidate = 4,
  kPrecision = 8,
  kTrain = 16
};

enum class OptionType : std::uint8_t { kSwitch, kInteger, kText };

/// One row of the table. Empty spellings: that source cannot set the option.
struct Option {
  /// Unique; also the name of the value among FlagValues.
  std::string_view name;
  OptionType type;
  /// The flags, separated by commas: "-t,--threads".
  std::string_view flags;
  std::string_view yaml_key;
  std::string_view variable;
  /// Stands for the value in the help: "N"; empty for a switch.
  std::string_view value_name;
  /// Which values are accepted, to follow "takes" in messages.
  std::string_view values;
  std::string_view default_text;
  std::string_view help;
  /// Commands that take it, as bits.
  std::uint8_t commands;
  /// Parses and stores; false when `text` is not one of `values`. Null for `config`, which is no
  /// setting.
  bool (*assign)(RunSettings& settings, const std::string& text);

  bool belongs_to(Command command) const {
    return (commands & static_cast<std::uint8_t>(command)) != 0;
  }
};

/// Every option, in the order of the help.
std::span<const Option> options();

/// A variable that overrules flags instead of being overruled; read by models/precision_policy.h.
struct PolicyVariable {
  std::string_view name;
  std::string_view help;
};
std::span<const PolicyVariable> policy_variables();

/// The bounds of counts: no machine has more processors, and batch offsets are 32-bit.
inline constexpr std::size_t kMaxThreads = 4096;
inline constexpr std::size_t kMaxBatchTokens = std::size_t{1} << 30;
/// More frames than any study could compare.
inline constexpr std::size_t kMaxFrameLimit = std::size_t{1} << 40;
/// More jobs than any scheduler takes in one array.
inline constexpr std::size_t kMaxShards = 65536;

}  // namespace virnucpro
