#include "config/options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/number_text.h"

namespace virnucpro {
namespace {

template <bool RunSettings::*member>
bool assign_switch(RunSettings& settings, const std::string& text) {
  const std::optional<bool> value = parse_switch(text);
  if (!value) return false;
  settings.*member = *value;
  return true;
}

template <std::size_t RunSettings::*member, std::size_t highest>
bool assign_count(RunSettings& settings, const std::string& text) {
  const std::optional<std::uint64_t> value = parse_whole(text, {.high = highest});
  if (!value) return false;
  settings.*member = static_cast<std::size_t>(*value);
  return true;
}

template <std::string RunSettings::*member>
bool assign_text(RunSettings& settings, const std::string& text) {
  if (text.empty()) return false;
  settings.*member = text;
  return true;
}

bool assign_output(RunSettings& settings, const std::string& text) {
  // Several files or a seekable one are written: standard output cannot take them.
  if (text.empty() || text == "-") return false;
  settings.output = text;
  return true;
}

/// The published tool's way to name GPUs: "0,1" is the device "cuda:0,1".
bool assign_gpus(RunSettings& settings, const std::string& text) {
  std::string device = "cuda:";
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const auto number = parse_whole(text.substr(begin, end - begin), {.high = kMaxGpus});
    if (!number) return false;
    device += (begin == 0 ? "" : ",") + std::to_string(*number);
    begin = end + 1;
  }
  settings.device = device;
  return true;
}

bool assign_shard(RunSettings& settings, const std::string& text) {
  const std::optional<ShardNumber> shard = parse_shard(text);
  if (!shard) return false;
  settings.shard = shard->number;
  settings.shards = shard->of;
  return true;
}

bool assign_expected_length(RunSettings& settings, const std::string& text) {
  settings.expected_length = parse_expected_length(text);
  return settings.expected_length.has_value();
}

bool assign_prevalence_of(RunSettings& settings, const std::string& text) {
  return assign_prevalence(settings.calls, text);
}

bool assign_fdr_of(RunSettings& settings, const std::string& text) {
  return assign_fdr(settings.calls, text);
}

template <bool CallRequest::*member>
bool assign_preset(RunSettings& settings, const std::string& text) {
  const std::optional<bool> value = parse_switch(text);
  if (!value) return false;
  settings.calls.*member = *value;
  return true;
}

bool assign_precision(RunSettings& settings, const std::string& text) {
  if (text != "fp16" && text != "bf16" && text != "int8" && text != "fp32") return false;
  settings.precision = text;
  return true;
}

constexpr std::uint8_t kPredict = static_cast<std::uint8_t>(Command::kPredict);
constexpr std::uint8_t kEmbed = static_cast<std::uint8_t>(Command::kEmbed);
constexpr std::uint8_t kValidate = static_cast<std::uint8_t>(Command::kValidate);
constexpr std::uint8_t kPrecision = static_cast<std::uint8_t>(Command::kPrecision);
constexpr std::uint8_t kTrain = static_cast<std::uint8_t>(Command::kTrain);
constexpr std::uint8_t kOwnParts = kPredict | kEmbed | kPrecision;
constexpr std::uint8_t kRuns = kOwnParts | kTrain;
constexpr std::uint8_t kAll = kRuns | kValidate;

constexpr std::array kOptions = {
    Option{"output-dir", OptionType::kText, "-o,--output-dir", "output_dir", "VIRNUCPRO_OUTPUT_DIR",
           "DIR", "the path of a folder", kDefaultOutputFolder,
           "Folder of the results; made when missing.", kPredict, assign_output},
    Option{"output", OptionType::kText, "-o,--output", "output", "VIRNUCPRO_OUTPUT", "FILE",
           "the path of a file", "",
           "HDF5 file with the datasets ids, dnabert_s and esm2 (required).", kEmbed,
           assign_output},
    Option{"report-dir", OptionType::kText, "-o,--report-dir", "", "", "DIR",
           "the path of a folder", "",
           "Folder for sequences.tsv, layers.tsv and precision.json; made when missing.",
           kPrecision, assign_output},
    Option{"limit", OptionType::kInteger, "--limit", "", "", "N",
           "a whole number from 0 (all) to 1099511627776", "1000",
           "Frames to compare, from the beginning of the input; 0 takes all.", kPrecision,
           assign_count<&RunSettings::frame_limit, kMaxFrameLimit>},
    // Neither file nor environment: what may be overwritten is decided anew for each run.
    Option{"force", OptionType::kSwitch, "--force", "", "", "", kSwitchValues, "false",
           "Replace results that are there already.", kRuns, assign_switch<&RunSettings::force>},
    Option{"resume", OptionType::kSwitch, "--resume", "", "", "", kSwitchValues, "false",
           "Go on with the run in the folder, as happens anyway; warns when there is none.",
           kPredict, assign_switch<&RunSettings::resume>},
    Option{"repair", OptionType::kSwitch, "--repair", "", "", "", kSwitchValues, "false",
           "Keep what can be proven of a damaged run in the folder and compute the rest again.",
           kPredict, assign_switch<&RunSettings::repair>},
    Option{"shard", OptionType::kText, "--shard", "shard", "VIRNUCPRO_SHARD", "I/N",
           "I/N, part I of N, 1 <= I <= N <= 65536", "1/1",
           "Compute one record of N only, from the I-th on; 'virnucpro merge' joins the parts.",
           kPredict, assign_shard},
    Option{"keep-embeddings", OptionType::kSwitch, "--keep-embeddings", "keep_embeddings",
           "VIRNUCPRO_KEEP_EMBEDDINGS", "", kSwitchValues, "false",
           "Keep all embeddings in the run's database, for 'report --classifier'.", kPredict,
           assign_switch<&RunSettings::keep_embeddings>},
    Option{"prevalence", OptionType::kText, "--prevalence", "prevalence", "VIRNUCPRO_PREVALENCE",
           "P", "a number above 0 and below 1, or estimate", "0.5",
           "Share of viruses that p_calibrated stands for; 'estimate' finds it in the records.",
           kPredict, assign_prevalence_of},
    Option{"fdr", OptionType::kText, "--fdr", "fdr", "VIRNUCPRO_FDR", "Q",
           "a number above 0 and below 1", "",
           "Call viral by p_calibrated, with this share of false discoveries expected; estimates "
           "the prevalence unless given.",
           kPredict, assign_fdr_of},
    Option{"conservative", OptionType::kSwitch, "--conservative", "conservative",
           "VIRNUCPRO_CONSERVATIVE", "", kSwitchValues, "false",
           "Call viral from p_calibrated 0.95 on.", kPredict,
           assign_preset<&CallRequest::conservative>},
    Option{"relaxed", OptionType::kSwitch, "--relaxed", "relaxed", "VIRNUCPRO_RELAXED", "",
           kSwitchValues, "false", "Call viral from p_calibrated 0.25 on.", kPredict,
           assign_preset<&CallRequest::relaxed>},
    Option{"bundle", OptionType::kText, "--bundle", "bundle", "VIRNUCPRO_BUNDLE", "NAME|DIR",
           "the name of an embedded bundle or the path of a bundle folder", kDefaultBundle,
           "Models to use: an embedded bundle or a folder made by 'models import'.", kRuns,
           assign_text<&RunSettings::bundle>},
    Option{"dnabert", OptionType::kText, "--dnabert", "dnabert", "", "DIR",
           "the path of a DNABERT-S folder", "",
           "Own DNABERT-S folder instead of a bundle (with --esm2, and --classifier unless you "
           "embed).",
           kOwnParts, assign_text<&RunSettings::dnabert>},
    Option{"esm2", OptionType::kText, "--esm2", "esm2", "", "FILE|DIR",
           "the path of an ESM-2 checkpoint", "",
           "Own ESM-2 checkpoint (fair-esm .pt file or Hugging Face folder).", kOwnParts,
           assign_text<&RunSettings::esm2>},
    Option{"classifier", OptionType::kText, "--classifier", "classifier", "", "FILE",
           "the path of a classifier", "", "Own classifier (.pth or .safetensors).",
           kPredict | kPrecision, assign_text<&RunSettings::classifier>},
    Option{"expected-length", OptionType::kInteger, "--expected-length,--model-type",
           "expected_length", "VIRNUCPRO_EXPECTED_LENGTH", "300|500", "300 or 500",
           "the bundle's only one, else 500",
           "Chunk length in bases, and the classifier trained for it.", kAll,
           assign_expected_length},
    Option{"precision", OptionType::kText, "--precision", "precision", "VIRNUCPRO_PRECISION",
           "fp16|bf16|int8|fp32", "fp16, bf16, int8 or fp32", "fp16",
           "Arithmetic of the encoders; fp32 needs --no-packing.", kRuns, assign_precision},
    // Its variable is VIRNUCPRO_DISABLE_PACKING, a policy variable.
    Option{"no-packing", OptionType::kSwitch, "--no-packing", "no_packing", "", "", kSwitchValues,
           "false", "Padded batches instead of packed ones: slower, works in every precision.",
           kRuns, assign_switch<&RunSettings::no_packing>},
    Option{"device", OptionType::kText, "--device", "device", "VIRNUCPRO_DEVICE", "NAMES",
           "auto or names that 'virnucpro devices' lists", "auto",
           "Where to compute: auto, cpu, cuda (all GPUs), cuda:0,2, a mix such as cuda:0,cpu ... "
           "('virnucpro devices' lists them; precision takes the first).",
           kRuns, assign_text<&RunSettings::device>},
    // A flag alone: files and variables have the key of the device.
    Option{"gpus", OptionType::kText, "--gpus", "", "", "N,N", "numbers of GPUs, such as 0 or 0,1",
           "", "GPUs by their numbers, as --device cuda:N,N.", kRuns, assign_gpus},
    Option{"threads", OptionType::kInteger, "-t,--threads", "threads", "VIRNUCPRO_THREADS", "N",
           "a whole number from 0 (all processors) to 4096", "0",
           "Threads; 0 takes every processor. Results do not depend on it.", kRuns,
           assign_count<&RunSettings::threads, kMaxThreads>},
    Option{"batch-tokens", OptionType::kInteger, "--batch-tokens", "batch_tokens",
           "VIRNUCPRO_BATCH_TOKENS", "N", "a whole number from 0 (automatic) to 1073741824", "0",
           "Tokens of one batch; 0 is automatic, by memory and time. Results do not depend on it.",
           kRuns, assign_count<&RunSettings::batch_tokens, kMaxBatchTokens>},
    Option{"config", OptionType::kText, "--config", "", "VIRNUCPRO_CONFIG", "FILE",
           "the path of a YAML file", "", "YAML file with settings; flags and variables win.", kAll,
           nullptr},
    Option{"quiet", OptionType::kSwitch, "-q,--quiet", "quiet", "VIRNUCPRO_QUIET", "",
           kSwitchValues, "false", "Show warnings and errors only.", kAll,
           assign_switch<&RunSettings::quiet>},
    Option{"no-progress", OptionType::kSwitch, "--no-progress", "no_progress",
           "VIRNUCPRO_NO_PROGRESS", "", kSwitchValues, "false", "Show no progress.", kAll,
           assign_switch<&RunSettings::no_progress>},
    Option{"json-log", OptionType::kSwitch, "--json-log", "json_log", "VIRNUCPRO_JSON_LOG", "",
           kSwitchValues, "false", "Messages as one JSON object per line.", kAll,
           assign_switch<&RunSettings::json_log>},
};

constexpr std::array kAlternatives = {
    Alternatives{{"fdr", "conservative", "relaxed"}, kOneCallRule},
    Alternatives{{"bundle", "dnabert,esm2,classifier", ""},
                 "--bundle and own parts (--dnabert, --esm2, --classifier) exclude each other; "
                 "give one of the two"},
    Alternatives{{"device", "gpus", ""},
                 "--device and --gpus both name devices; give one of the two"},
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

}  // namespace

std::span<const Option> options() { return kOptions; }

const Option* find_option(std::string_view name) {
  const auto found = std::ranges::find(kOptions, name, &Option::name);
  return found == kOptions.end() ? nullptr : &*found;
}

std::span<const Alternatives> alternatives() { return kAlternatives; }

std::optional<bool> parse_switch(std::string_view text) {
  std::string word(text);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_expected_length(std::string_view text) {
  const std::optional<std::uint64_t> length = parse_whole(text);
  if (length != 300u && length != 500u) return std::nullopt;
  return static_cast<std::int64_t>(*length);
}

std::optional<ShardNumber> parse_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const WholeRange range = {.low = 1, .high = kMaxShards};
  const auto number = parse_whole(text.substr(0, slash), range);
  const auto of = parse_whole(text.substr(slash + 1), range);
  if (!number || !of || *number > *of) return std::nullopt;
  return ShardNumber{*number, *of};
}

std::span<const PolicyVariable> policy_variables() { return kPolicyVariables; }

}  // namespace virnucpro
