// What the rows of the table mean, and which exclude each other; option_table.cc has the rows.
#include "config/options.h"

#include <algorithm>
#include <cctype>

#include "base/format.h"
#include "base/split.h"
#include "calls/call_request.h"

namespace virnucpro {
namespace {

constexpr std::array kCommands = {
    Command::kPredict,    Command::kReport,    Command::kMerge,    Command::kEmbed,
    Command::kTrain,      Command::kEvaluate,  Command::kDataset,  Command::kCalibrate,
    Command::kPull,       Command::kExport,    Command::kImport,   Command::kValidate,
    Command::kBench,      Command::kPrecision, Command::kClassify, Command::kLabelReads,
    Command::kPlot,       Command::kVerify,    Command::kDoctor,   Command::kEstimate,
    Command::kShardsPlan, Command::kConvert};

constexpr std::array kAlternatives = {
    Alternatives{{"fdr", "conservative", "relaxed"}, kOneCallRule},
    Alternatives{{"threshold", "fdr,conservative,relaxed", ""},
                 "--threshold calls by the score, --fdr, --conservative and --relaxed by "
                 "p_calibrated; give one of them"},
    Alternatives{{"calls", "fdr,conservative,relaxed", ""},
                 "--calls names the rule, as --fdr, --conservative and --relaxed do; give one of "
                 "them"},
    Alternatives{{"bundle", "dnabert,esm2,classifier", ""},
                 "--bundle and own parts (--dnabert, --esm2, --classifier) exclude each other; "
                 "give one of the two"},
    Alternatives{{"device-hours", "shards", ""},
                 "--device-hours finds the number of shards, and --shards names it; give one of "
                 "the two"},
    Alternatives{{"device", "gpus", ""},
                 "--device and --gpus both name devices; give one of the two"},
    Alternatives{{"use-gpu", "no-gpu", ""}, "Cannot specify both --use-gpu and --no-gpu"},
    Alternatives{{"force", "resume", ""},
                 "--force starts over and --resume goes on; give one of the two"},
    Alternatives{{"force", "repair", ""},
                 "--force starts over and --repair keeps what is sound; give one of the two"},
};

constexpr std::array kPolicyVariables = {
    PolicyVariable{"VIRNUCPRO_DISABLE_FP16",
                   "1, true or yes: FP32, a diagnostic mode that is slower, takes twice the memory "
                   "and needs unpacked inference."},
    PolicyVariable{"VIRNUCPRO_DISABLE_PACKING",
                   "1, true or yes: unpacked inference, as --no-packing."},
};

/// "a, b or c".
std::string one_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

std::string with_underscores(std::string_view name) {
  std::string text(name);
  std::ranges::replace(text, '-', '_');
  return text;
}

}  // namespace

std::span<const Command> commands() { return kCommands; }

std::string_view name_of(Command command) {
  switch (command) {
    case Command::kPredict:
      return "predict";
    case Command::kEmbed:
      return "embed";
    case Command::kValidate:
      return "validate";
    case Command::kPrecision:
      return "precision";
    case Command::kTrain:
      return "train";
    case Command::kReport:
      return "report";
    case Command::kMerge:
      return "merge";
    case Command::kEvaluate:
      return "evaluate";
    case Command::kDataset:
      return "dataset";
    case Command::kCalibrate:
      return "calibrate";
    case Command::kBench:
      return "bench";
    case Command::kEstimate:
      return "estimate";
    case Command::kShardsPlan:
      return "shards plan";
    case Command::kImport:
      return "models import";
    case Command::kPull:
      return "models pull";
    case Command::kExport:
      return "models export";
    case Command::kClassify:
      return "classify";
    case Command::kLabelReads:
      return "label-reads";
    case Command::kPlot:
      return "plot";
    case Command::kVerify:
      return "models verify";
    case Command::kDoctor:
      return "doctor";
    case Command::kConvert:
      return "models convert";
  }
  return "";
}

std::string Option::flags() const {
  std::string text;
  if (letter != 0) text += fmt::format("-{},", letter);
  text += fmt::format("--{}", name);
  if (!other_flag.empty()) text += fmt::format(",{}", other_flag);
  return text;
}

std::string Option::yaml_key() const {
  const bool has = sources == OptionSources::kFileAndVariable || sources == OptionSources::kFile;
  return has ? with_underscores(name) : std::string();
}

std::string Option::variable() const {
  const bool has =
      sources == OptionSources::kFileAndVariable || sources == OptionSources::kVariable;
  if (!has) return {};
  std::string text = "VIRNUCPRO_" + with_underscores(name);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string Option::values() const {
  if (!described_values.empty()) return std::string(described_values);
  switch (type) {
    case OptionType::kSwitch:
      return std::string(kSwitchValues);
    case OptionType::kInteger:
      return described(whole);
    case OptionType::kNumber:
      return described(number);
    case OptionType::kChoice:
      return one_of(split(value_name, '|'));
    case OptionType::kText:
      break;
  }
  return "a text";
}

bool Option::accepts(const std::string& text) const {
  const auto suits_type = [&] {
    switch (type) {
      case OptionType::kSwitch:
        return parse_switch(text).has_value();
      case OptionType::kInteger:
        return parse_whole(text, whole).has_value();
      case OptionType::kNumber:
        return parse_number(text, number).has_value();
      case OptionType::kChoice:
        return std::ranges::count(split(value_name, '|'), text) > 0;
      case OptionType::kText:
        break;
    }
    return !text.empty();
  };
  return suits_type() && (also == nullptr || also(text));
}

const Option* find_option(Command command, std::string_view name) {
  const std::span<const Option> table = options();
  const auto found = std::ranges::find_if(table, [&](const Option& option) {
    return option.name == name && option.belongs_to(command);
  });
  return found == table.end() ? nullptr : &*found;
}

std::span<const Alternatives> alternatives() { return kAlternatives; }

std::span<const PolicyVariable> policy_variables() { return kPolicyVariables; }

std::optional<bool> parse_switch(std::string_view text) {
  std::string word(text);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return std::nullopt;
}

std::vector<std::string> split_list(std::string_view text) { return split(text, ','); }

}  // namespace virnucpro
