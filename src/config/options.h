// The table of options: the one place that says which options the commands have, and their names in
// each source.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/number_text.h"

namespace virnucpro {

/// The values of a switch, to follow "takes" in messages.
inline constexpr std::string_view kSwitchValues = "true or false";

/// The commands that have options. Values are bits, so that an option can name several.
enum class Command : std::uint32_t {
  kPredict = 1,
  kEmbed = 2,
  kValidate = 4,
  kPrecision = 8,
  kTrain = 16,
  kReport = 32,
  kMerge = 64,
  kEvaluate = 128,
  kDataset = 256,
  kCalibrate = 512,
  kBench = 1024,
  kImport = 2048,
  kClassify = 4096,
  kLabelReads = 8192,
  kPlot = 16384,
  kPull = 32768,
  kExport = 65536,
  kEstimate = 1 << 17,
  kShardsPlan = 1 << 18,
  kVerify = 1 << 20,
  kDoctor = 1 << 21,
  kConvert = 1 << 22
};
/// All of them, in the order of the documentation.
std::span<const Command> commands();
/// "predict", "models import".
std::string_view name_of(Command command);

/// Numbers and switches have no quotes in a settings file; choices and texts may have them.
enum class OptionType : std::uint8_t { kSwitch, kInteger, kNumber, kChoice, kText };

/// The sources of an option besides the flag.
enum class OptionSources : std::uint8_t { kFileAndVariable, kFile, kVariable, kNone };

/// One row of the table. Several rows may share a name, for different commands: then one key and
/// one variable set the option of that name for the command that runs.
struct Option {
  /// "output-dir" is the flag --output-dir, the key output_dir, the variable VIRNUCPRO_OUTPUT_DIR.
  std::string_view name = {};
  /// The short flag, 'o' for -o; 0 for none.
  char letter = 0;
  /// More flags, separated by commas: "--model-type,-e"; empty for none.
  std::string_view other_flag = {};
  OptionSources sources = OptionSources::kFileAndVariable;
  OptionType type = OptionType::kText;
  /// Stands for the value in the help: "N"; empty for a switch. The values of a choice: "a|b".
  std::string_view value_name = {};
  WholeRange whole = {};    ///< of kInteger
  NumberRange number = {};  ///< of kNumber
  /// Which values are accepted, to follow "takes" in messages. Empty: what the type and its range
  /// say.
  std::string_view described_values = {};
  std::string_view default_text = {};
  std::string_view help = {};
  /// Commands that take it, as bits.
  std::uint32_t commands = 0;
  /// The whole error message where no source gives it; empty: it is optional.
  std::string_view missing = {};
  /// The flag may be given several times; the values are joined by commas, as in the other sources.
  bool repeats = false;
  /// False for one that is taken for the sake of old command lines alone.
  bool has_effect = true;
  /// A condition on values beyond the type; null: none.
  bool (*also)(const std::string& text) = nullptr;

  bool belongs_to(Command command) const {
    return (commands & static_cast<std::uint32_t>(command)) != 0;
  }
  /// All flags, separated by commas: "-t,--threads".
  std::string flags() const;
  /// Empty where that source cannot set the option.
  std::string yaml_key() const;
  std::string variable() const;
  /// Which values are accepted, to follow "takes" in messages.
  std::string values() const;
  /// True when `text` is one of them.
  bool accepts(const std::string& text) const;
};

/// Every row, in the order of the help.
std::span<const Option> options();
/// The row of that name for `command`; null when it has none.
const Option* find_option(Command command, std::string_view name);

/// Choices that exclude each other: two of them from one source are an error, with `message`, and a
/// later source replaces the choice of an earlier one.
struct Alternatives {
  /// Names of options; several of one choice are separated by commas. Empty: no more choices.
  std::array<std::string_view, 3> choices;
  std::string_view message;
};
std::span<const Alternatives> alternatives();

/// True for true, yes, on, 1; false for false, no, off, 0; absent for any other text.
std::optional<bool> parse_switch(std::string_view text);
/// The entries of a list with commas, including empty ones.
std::vector<std::string> split_list(std::string_view text);

/// A variable that overrules flags instead of being overruled; read by models/precision_policy.h.
struct PolicyVariable {
  std::string_view name;
  std::string_view help;
};
std::span<const PolicyVariable> policy_variables();

/// The bundle that is compiled into the program.
inline constexpr std::string_view kDefaultBundle = "mini";
/// More hours than a job may have anywhere, and a price that nobody pays: mistyped numbers.
inline constexpr double kMostDeviceHours = 1e6;
inline constexpr double kMostPrice = 1e6;
/// The folder of `predict` when none is named.
inline constexpr std::string_view kDefaultOutputFolder = "virnucpro_out";

/// The bounds of counts: no machine has more processors, and batch offsets are 32-bit.
inline constexpr std::size_t kMaxThreads = 4096;
inline constexpr std::size_t kMaxBatchTokens = std::size_t{1} << 30;
/// More frames than any study could compare.
inline constexpr std::size_t kMaxFrameLimit = std::size_t{1} << 40;
/// No machine has more GPUs than CUDA can number.
inline constexpr std::size_t kMaxGpuNumber = 65535;
/// A million epochs, or frames in a step, are a mistyped number.
inline constexpr std::size_t kMaxTrainingCount = std::size_t{1} << 20;
/// Wider than any classifier of these embeddings.
inline constexpr std::size_t kMaxHidden = 65536;
/// Intervals do not get narrower with more draws than this.
inline constexpr std::size_t kMaxResamples = 100'000;
/// More fragments of a class than there are sequences to cut them from.
inline constexpr std::size_t kMaxFragments = std::size_t{1} << 40;
/// More frames than a benchmark could run in a day.
inline constexpr std::uint64_t kMaxBenchFrames = std::uint64_t{1} << 32;
/// Servers refuse more from one client.
inline constexpr std::uint64_t kMaxConnections = 32;
/// A day.
inline constexpr double kMaxBenchSeconds = 86400.0;

}  // namespace virnucpro
