// The table of options: the one place that says which settings exist and how each source names
// them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/settings.h"

namespace virnucpro {

/// What a switch takes, to follow "takes" in messages.
inline constexpr std::string_view kSwitchValues = "true or false";

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
/// The one of that name; null when there is none.
const Option* find_option(std::string_view name);

/// Choices that exclude each other: within one source two of them are an error, which `message`
/// tells, and a later source replaces what an earlier one chose.
struct Alternatives {
  /// Names of options; several of one choice are separated by commas. Empty: no more choices.
  std::array<std::string_view, 3> choices;
  std::string_view message;
};
std::span<const Alternatives> alternatives();

/// true, yes, on, 1; false, no, off, 0; nothing for any other text.
std::optional<bool> parse_switch(std::string_view text);
/// 300 or 500, the chunk lengths of the method; nothing for any other text.
std::optional<std::int64_t> parse_expected_length(std::string_view text);
/// "2/5": part 2 of 5.
struct ShardNumber {
  std::uint64_t number;
  std::uint64_t of;
};
/// Nothing unless 1 <= number <= of <= kMaxShards.
std::optional<ShardNumber> parse_shard(std::string_view text);

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
/// No machine has more GPUs than CUDA can number.
inline constexpr std::size_t kMaxGpus = 65535;
/// More jobs than any scheduler takes in one array.
inline constexpr std::size_t kMaxShards = 65536;

}  // namespace virnucpro
