#include "results/run_facts.h"

#include <limits>
#include <system_error>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/number_text.h"
#include "devices/device_names.h"
#include "run/damage.h"
#include "run/fact_differences.h"

namespace virnucpro {
namespace {

constexpr const char* kYes = "yes";
constexpr const char* kNo = "no";
constexpr std::string_view kLeastRunWords = ", bases at least ";

}  // namespace

const std::string& required_fact(const std::vector<RunFact>& facts, const char* name,
                                 const std::string& place) {
  const std::string* value = find_fact(facts, name);
  if (value != nullptr) return *value;
  fail_damaged(place, fmt::format("nothing of its {}", name));
}

std::string model_fact(std::string_view part) { return fmt::format("{} model", part); }

std::int64_t expected_length_of(const std::vector<RunFact>& facts, const std::string& place) {
  const std::string& text = required_fact(facts, kLengthFact, place);
  const auto length =
      parse_whole(text, {.low = 1, .high = std::numeric_limits<std::int64_t>::max()});
  if (!length) fail_damaged(place, fmt::format("'{}' as the {}", text, kLengthFact));
  return static_cast<std::int64_t>(*length);
}

FrameRule frame_rule_of(const std::vector<RunFact>& facts, const std::string& place) {
  FrameRule rule;
  if (const std::string* text = find_fact(facts, kFramesFact)) {
    const std::size_t end = text->find(kLeastRunWords);
    const auto choice = frame_choice_of(text->substr(0, end));
    const auto least = end == std::string::npos
                           ? std::nullopt
                           : parse_whole(text->substr(end + kLeastRunWords.size()),
                                         {.high = std::numeric_limits<std::uint32_t>::max()});
    if (!choice || !least) fail_damaged(place, fmt::format("'{}' as the {}", *text, kFramesFact));
    rule.choice = *choice;
    rule.least_run = static_cast<std::uint32_t>(*least);
  }
  if (const std::string* text = find_fact(facts, kGeneticCodeFact)) {
    const auto code = GeneticCode::of_number(parse_whole(*text).value_or(0));
    if (!code) fail_damaged(place, fmt::format("'{}' as the {}", *text, kGeneticCodeFact));
    rule.code = *code;
  }
  return rule;
}

bool keeps_embeddings(const std::vector<RunFact>& facts, const std::string& place) {
  return required_fact(facts, kEmbeddingsFact, place) == kYes;
}

std::vector<InputReport> describe_inputs(const std::vector<std::string>& paths,
                                         const std::vector<std::optional<KnownFile>>& known) {
  std::vector<InputReport> inputs;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    InputReport& input = inputs.emplace_back();
    input.path = paths[i];
    if (!known.at(i)) continue;
    input.sha256 = known[i]->content.sha256;
    input.bytes = known[i]->content.bytes;
  }
  return inputs;
}

void describe_read_inputs(const std::vector<KnownFile>& files, std::vector<InputReport>& inputs) {
  check(files.size() == inputs.size(), "{} of {} inputs were read", files.size(), inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i].sha256 = files[i].content.sha256;
    inputs[i].bytes = files[i].content.bytes;
  }
}

std::vector<RunFact> facts_of(const RunReport& report, bool keeps_embeddings) {
  std::vector<RunFact> facts = {{"program version", report.program_version}};
  for (std::size_t i = 0; i < report.inputs.size(); ++i) {
    const InputReport& input = report.inputs[i];
    facts.push_back({fmt::format("input {}", i + 1),
                     input.bytes ? fmt::format("sha256 {}, {} bytes", input.sha256, *input.bytes)
                                 : "a stream"});
  }
  for (const ModelPart& part : report.parts) facts.push_back({model_fact(part.name), part.sha256});
  facts.push_back({kLengthFact, std::to_string(report.expected_length)});
  // Absent where they are the published ones, as in databases of older programs.
  if (report.frames.choice != FrameChoice::kOpen) {
    facts.push_back({kFramesFact, fmt::format("{}{}{}", name_of(report.frames.choice),
                                              kLeastRunWords, report.frames.least_run)});
  }
  if (report.frames.code != GeneticCode()) {
    facts.push_back({kGeneticCodeFact, std::to_string(report.frames.code.number())});
  }
  facts.push_back({"precision", report.precision});
  facts.push_back({"packed batches", report.packed ? kYes : kNo});
  // Which devices, and how many, changes no result.
  facts.push_back({kDeviceFact, device_kinds(report.device)});
  facts.push_back({kShardFact, fmt::format("{}/{}", report.shard, report.shards)});
  facts.push_back({kEmbeddingsFact, keeps_embeddings ? kYes : kNo});
  // Absent where there is none, as in databases of older programs.
  if (!report.calibration_sha256.empty()) {
    facts.push_back({kCalibrationFact, report.calibration_sha256});
  }
  return facts;
}

}  // namespace virnucpro
