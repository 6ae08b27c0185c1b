// The settings of every command: their defaults, and that every option changes something from every
// source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/errors.h"
#include "bench/model_shapes.h"
#include "cli/commands/bench/bench_settings.h"
#include "cli/commands/calibrate/calibrate_settings.h"
#include "cli/commands/classify/classify_settings.h"
#include "cli/commands/dataset/dataset_settings.h"
#include "cli/commands/doctor/doctor_settings.h"
#include "cli/commands/embed/embed_settings.h"
#include "cli/commands/estimate/estimate_settings.h"
#include "cli/commands/evaluate/evaluate_settings.h"
#include "cli/commands/label_reads/label_reads_settings.h"
#include "cli/commands/merge/merge_settings.h"
#include "cli/commands/models/convert_settings.h"
#include "cli/commands/models/export_settings.h"
#include "cli/commands/models/import_settings.h"
#include "cli/commands/models/pull_settings.h"
#include "cli/commands/models/verify_settings.h"
#include "cli/commands/plot/plot_settings.h"
#include "cli/commands/precision/precision_settings.h"
#include "cli/commands/predict/predict_settings.h"
#include "cli/commands/report/report_settings.h"
#include "cli/commands/train/train_settings.h"
#include "cli/commands/validate/validate_settings.h"
#include "config/resolve.h"
#include "unit/config/environment_of.h"

namespace virnucpro::cli {
namespace {

using Variables = std::map<std::string, std::string>;

const std::vector<std::string> kArguments = {"a.fa"};

GivenOptions given(Command command, const FlagValues& flags, const Variables& variables = {}) {
  return resolve_options(command, flags, environment_of(variables));
}

PredictSettings predict(const FlagValues& flags) {
  return predict_settings(kArguments, given(Command::kPredict, flags));
}

// All that a command is told, as one text.

std::string text_of(const CommonSettings& s) {
  return fmt::format("{} {} {}", s.quiet, s.json_log, s.no_progress);
}

std::string text_of(const RunSettings& s) {
  const ModelRequest& models = s.models;
  return fmt::format(
      "{} {} {} {} {} {} {} {} {} {} {} {} {} {}", models.bundle, models.dnabert, models.esm2,
      models.classifier, models.bundle_classifier, models.frames ? name_of(*models.frames) : "-",
      models.genetic_code.number(), models.expected_length.value_or(0),
      s.precision.precision ? name_of(*s.precision.precision) : "-", s.precision.no_packing,
      s.device, s.threads, s.batch_tokens, text_of(s.common));
}

std::string text_of(const RunRequest& s) {
  return fmt::format("{} {} {} {}", s.inputs, s.output, s.force, s.batch_tokens);
}

std::string text_of(const std::optional<WriteRequest>& write) {
  return write ? fmt::format("{} {}", name_of(write->which), write->outputs) : "-";
}

std::string text_of(const PredictSettings& s) {
  const PredictRequest& request = s.request;
  return fmt::format("{} {} {} {}/{} {} {} [{}] [{}] {} {} {} {}",
                     text_of(static_cast<const RunRequest&>(request)), request.resume,
                     request.repair, request.shard.number, request.shard.of, s.shard_plan,
                     request.keep_embeddings, text_of(request.calls), text_of(request.tables),
                     s.sample_sheet, text_of(s.write), s.no_effect, text_of(s.run));
}

std::string text_of(const EmbedSettings& s) {
  return fmt::format("{} {}", text_of(s.request), text_of(s.run));
}

std::string text_of(const ValidateSettings& s) {
  return fmt::format("{} {} {} {}", s.inputs, s.expected_length, s.genetic_code.number(),
                     text_of(s.common));
}

std::string text_of(const PrecisionSettings& s) {
  std::string precisions;
  for (const Precision each : s.precisions) precisions += fmt::format("{},", name_of(each));
  return fmt::format("{} {} {} {} {} {} {}", s.inputs, s.report_folder, s.bundle_folder, precisions,
                     s.limit, s.force, text_of(s.run));
}

std::string text_of(const TrainSettings& s) {
  const TrainRequest& r = s.request;
  const TrainingSettings& t = r.settings;
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", s.inputs,
                     r.labels, r.frames, r.output, r.name, r.force, r.hidden.value_or(0),
                     r.validation_share, r.threads, name_of(t.optimizer), name_of(t.schedule),
                     t.learning_rate, t.weight_decay, t.epochs, t.batch, t.dropout, t.patience,
                     name_of(t.balance), t.seed, text_of(s.run), s.run.threads);
}

std::string text_of(const ReportSettings& s) {
  TableChoice tables;
  s.change_tables(tables);
  return fmt::format("{} {} {} [{}{}] [{}] {} {} {} {} {}", s.folder, s.output,
                     s.threshold.value_or(0.0), text_of(s.calls), s.calls.published ? "!" : "",
                     text_of(tables), text_of(s.write), s.classifier, s.html, s.force,
                     text_of(s.common));
}

std::string text_of(const MergeSettings& s) {
  return fmt::format("{} {} {} {} {} {}", s.request.folders, s.request.output, s.request.force,
                     s.request.legacy ? name_of(*s.request.legacy) : "-",
                     s.request.format ? name_of(*s.request.format) : "-", text_of(s.common));
}

std::string text_of(const EvaluateSettings& s) {
  const EvaluationRequest& r = s.request;
  return fmt::format("{} {} {} {} {} {} {} {}", r.folder, r.labels, r.rule.threshold,
                     r.rule.resamples, r.rule.seed, s.output, s.force, text_of(s.common));
}

std::string text_of(const DatasetSettings& s) {
  const DatasetRequest& r = s.request;
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}", r.genomes, r.labels, r.output,
                     name_of(r.frames.choice), r.frames.code.number(), r.expected_length,
                     r.rule.fragments.value_or(0), r.rule.shares.validation, r.rule.shares.test,
                     r.rule.seed, s.force, text_of(s.common));
}

std::string text_of(const CalibrateSettings& s) {
  const CalibrateRequest& r = s.request;
  return fmt::format("{} {} {} {} {} {} {} {} {}", r.folder, r.labels, r.bundle_folder, r.force,
                     name_of(r.method), r.false_positives.value_or(0.0), r.excepted, s.bundle,
                     text_of(s.common));
}

std::string text_of(const BenchSettings& s) {
  const BenchRequest& r = s.request;
  std::string models, precisions;
  for (const BenchModels& each : r.models) {
    models += fmt::format("{}/{},", each.bundle, each.shapes == nullptr ? "" : each.shapes->name);
  }
  for (const Precision each : r.precisions) precisions += fmt::format("{},", name_of(each));
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}", r.inputs, r.orfs.value_or(77),
                     r.seconds, r.expected_length, models, precisions, r.device, r.threads,
                     r.batch_tokens, s.json, s.force, text_of(s.common));
}

std::string text_of(const ClassifySettings& s) {
  return fmt::format("{} {} {} {} {} {} {}", s.input, s.output, s.resume, s.models,
                     s.expected_length, s.no_effect, text_of(s.run));
}

std::string text_of(const LabelReadsSettings& s) {
  const LabelReadsRequest& r = s.request;
  return fmt::format("{} {} {} {} {} {} {} {} {}", r.alignments, r.results, r.output, r.is_paf,
                     r.well.min_mapq, r.well.min_identity, r.well.min_query_cov, r.threads,
                     text_of(s.common));
}

std::string text_of(const PlotSettings& s) {
  const PlotRequest& r = s.request;
  return fmt::format("{} {} {} {} {} {} {}", r.folder, r.output, r.records,
                     r.figure ? name_of(*r.figure) : "-", r.value ? name_of(*r.value) : "-",
                     r.width.value_or(0.0), text_of(s.common));
}

std::string text_of(const PublishedCheckSettings& s) {
  std::string precisions;
  for (const Precision each : s.precisions) precisions += fmt::format("{},", name_of(each));
  return fmt::format("{} {} {} {}", s.expected, precisions, s.device, s.threads);
}

std::string text_of(const VerifySettings& s) {
  return fmt::format("{} {} {} {}", s.bundle, s.published, text_of(s.check), text_of(s.common));
}

std::string text_of(const ConvertSettings& s) {
  return fmt::format("{} {} {} {} {} {} {}", s.bundle, s.output, s.force, name_of(s.precision),
                     s.device, s.threads, text_of(s.common));
}

std::string text_of(const DoctorSettings& s) {
  return fmt::format("{} {} {} {} {} {} {}", s.json, s.no_speed, s.bundle, s.device, s.threads,
                     s.output, text_of(s.common));
}

std::string text_of(const EstimateSettings& s) {
  // Not for_shards, which holds defaults, too, where these were given.
  return fmt::format("{} {} {} {} {} {} {} {}", s.request.inputs, s.request.seconds,
                     s.request.batch_tokens, s.price.value_or(0.0), s.device_hours.value_or(0.0),
                     s.shards, s.output, text_of(s.run));
}

std::string text_of(const ImportSettings& s) {
  const BundleImport& b = s.bundle;
  std::string classifiers;
  for (const auto& each : b.classifiers) {
    classifiers += fmt::format("{}={};", each.expected_length, each.path);
  }
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {}", b.dnabert_folder, b.esm2_path,
                     classifiers, b.output_folder, b.name, b.version, b.description, b.license,
                     b.training_data, b.force, s.no_check, text_of(s.check), text_of(s.common));
}

std::string text_of(const PullSettings& s) {
  const PullRequest& r = s.request;
  return fmt::format("{} {} {} {} {} {} {} {} {}", s.name, r.folder, r.from, s.registry, s.list,
                     r.connections, r.keep_downloads, r.force, text_of(s.common));
}

std::string text_of(const ExportSettings& s) {
  return fmt::format("{} {} {}", s.bundle, s.output, s.force);
}

std::string settings_text(Command command, const GivenOptions& options) {
  switch (command) {
    case Command::kPredict: {
      // A sheet names the inputs.
      const bool has_sheet = options.find("sample-sheet") != nullptr;
      return text_of(
          predict_settings(has_sheet ? std::vector<std::string>() : kArguments, options));
    }
    case Command::kEmbed:
      return text_of(embed_settings(kArguments, options));
    case Command::kValidate:
      return text_of(validate_settings(kArguments, options));
    case Command::kPrecision:
      return text_of(precision_settings(kArguments, options));
    case Command::kTrain:
      return text_of(train_settings(kArguments, options));
    case Command::kReport:
      return text_of(report_settings(kArguments, options));
    case Command::kMerge:
      return text_of(merge_settings(kArguments, options));
    case Command::kEvaluate:
      return text_of(evaluate_settings(kArguments, options));
    case Command::kDataset:
      return text_of(dataset_settings(kArguments, options));
    case Command::kCalibrate:
      return text_of(calibrate_settings(kArguments, options));
    case Command::kBench:
      return text_of(bench_settings(kArguments, options));
    case Command::kEstimate:
    case Command::kShardsPlan:
      return text_of(estimate_settings(kArguments, options));
    case Command::kImport:
      return text_of(import_settings(options));
    case Command::kPull:
      return text_of(pull_settings({"virnucpro"}, options, environment_of({{"HOME", "/home/a"}})));
    case Command::kExport:
      return text_of(export_settings({"virnucpro"}, options));
    case Command::kClassify:
      return text_of(classify_settings({"a.fa", "out.tsv"}, options, environment_of({})));
    case Command::kLabelReads:
      return text_of(label_reads_settings({"a.bam", "results"}, options));
    case Command::kPlot:
      return text_of(plot_settings({"results"}, options));
    case Command::kVerify:
      return text_of(verify_settings({"bundle"}, options));
    case Command::kConvert:
      return text_of(convert_settings({"bundle"}, options));
    case Command::kDoctor:
      return text_of(doctor_settings(options, environment_of({})));
  }
  return "";
}

/// A value that is no default, for the options that take texts and numbers; "true" for switches.
const std::map<std::string_view, std::string> kOtherValues = {
    {"output-dir", "elsewhere"},
    {"output", "other.svg"},
    {"report-dir", "there"},
    {"json", "figures.json"},
    {"shard", "2/3"},
    {"limit", "0"},
    {"threshold", "0.75"},
    {"prevalence", "estimate"},
    {"fdr", "0.05"},
    {"labels", "other.tsv"},
    {"frames", "frames.tsv"},
    {"fragments", "12"},
    {"validation-share", "0.3"},
    {"test-share", "0.3"},
    {"method", "isotonic"},
    {"resamples", "7"},
    {"optimizer", "sgd"},
    {"schedule", "step"},
    {"learning-rate", "0.5"},
    {"weight-decay", "0.5"},
    {"epochs", "7"},
    {"patience", "7"},
    {"batch", "7"},
    {"hidden", "7"},
    {"dropout", "0.25"},
    {"balance", "none"},
    {"seed", "7"},
    {"bundle", "other"},
    {"shape", "published-3b"},
    {"dnabert", "other_d"},
    {"esm2", "other_e"},
    {"classifier", "other_c"},
    {"name", "other"},
    {"bundle-version", "2"},
    {"description", "words"},
    {"license", "MIT"},
    {"training-data", "phages"},
    {"expected-length", "300"},
    {"precision", "bf16"},
    {"device", "reference"},
    {"gpus", "0,1"},
    {"threads", "3"},
    {"price", "3.5"},
    {"device-hours", "2.5"},
    {"shards", "12"},
    {"shard-plan", "plan.json"},
    {"batch-tokens", "99"},
    {"to", "there"},
    {"from", "copied"},
    {"registry", "models.json"},
    {"connections", "7"},
    {"orfs", "9"},
    {"seconds", "9.5"},
    {"save-bundle", "measured"},
    {"min-chunks", "3"},
    {"min-weighted-delta", "0.2"},
    {"high-confidence-delta", "0.7"},
    {"min-viral-prop", "0.2"},
    {"min-nonviral-prop", "0.2"},
    {"min-confident-score", "0.7"},
    {"max-opposing-score", "0.2"},
    {"min-ambiguous-score", "0.6"},
    {"region-probability", "0.7"},
    {"write-to", "written.fa"},
    {"sample-sheet", "samples.tsv"},
    {"min-mapq", "7"},
    {"min-identity", "80"},
    {"min-query-cov", "70"},
    {"genetic-code", "4"},
    {"record", "r7,r9"},
    {"width", "85"},
    {"false-positives", "0.01"},
    {"except", "plant,phage"},
    {"model-path", "own.pth"},
    {"model-type", "300"},
    {"batch-size", "7"},
    {"dnabert-batch-size", "7"},
    {"esm-batch-size", "7"},
    {"num-workers", "7"},
    {"dataloader-workers", "7"},
    {"cache-clear-interval", "7"},
    {"virnucpro-path", "elsewhere"},
    {"expected", "other_run"},
};

/// "a|b" as a and b.
std::vector<std::string> choices_of(const Option& option) {
  std::string list(option.value_name);
  std::ranges::replace(list, '|', ',');
  return split_list(list);
}

std::string other_value(const Option& option) {
  if (option.type == OptionType::kSwitch) return "true";
  // The one command that takes it in another form.
  if (option.value_name == "LENGTH=FILE") return "300=other_c";
  // The last of its choices that is not the default.
  const bool has_named = option.name == "precision" && option.value_name == "int8|fp8";
  if (option.type == OptionType::kChoice && (has_named || !kOtherValues.contains(option.name))) {
    std::string last;
    for (const std::string& choice : choices_of(option)) {
      if (choice != option.default_text) last = choice;
    }
    return last;
  }
  if (option.name == "frames" && option.type == OptionType::kChoice) return "longest";
  const auto found = kOtherValues.find(option.name);
  EXPECT_NE(found, kOtherValues.end()) << option.name << ": give it a value in this test";
  return found == kOtherValues.end() ? "" : found->second;
}

/// What the command cannot do without, and what this option cannot.
FlagValues needed(Command command, const Option& option) {
  FlagValues flags;
  for (const Option& other : options()) {
    if (!other.belongs_to(command) || other.missing.empty()) continue;
    flags[std::string(other.name)] = other.value_name == "LENGTH=FILE" ? "500=c" : "needed.svg";
  }
  if (option.name == "write-to") flags["write"] = "viral";
  if (option.name == "except") flags["false-positives"] = "0.01";
  const std::set<std::string_view> parts = {"dnabert", "esm2", "classifier"};
  const bool is_part = parts.contains(option.name) && find_option(command, "bundle") != nullptr;
  for (const std::string_view part : parts) {
    if (is_part && find_option(command, part) != nullptr) flags[std::string(part)] = "part";
  }
  return flags;
}

// Tests of one program may run side by side.
std::string yaml_file(const std::string& text) {
  const std::string path =
      std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + ".yaml";
  std::ofstream(path) << text;
  return path;
}

TEST(Settings, EveryOptionOfEveryCommandChangesSomethingFromEverySource) {
  int looked_at = 0;
  for (const Command command : commands()) {
    for (const Option& option : options()) {
      if (!option.belongs_to(command) || option.name == "config") continue;
      const std::string name(option.name);
      SCOPED_TRACE(fmt::format("--{} of {}", name, name_of(command)));
      const std::string value = other_value(option);
      FlagValues flags = needed(command, option);
      const std::string before = settings_text(command, given(command, flags));
      flags[name] = value;
      const std::string after = settings_text(command, given(command, flags));
      EXPECT_NE(after, before);
      flags.erase(name);
      if (!option.yaml_key().empty()) {
        FlagValues with_file = flags;
        with_file["config"] = yaml_file(option.yaml_key() + ": " + value + "\n");
        EXPECT_EQ(settings_text(command, given(command, with_file)), after);
      }
      if (!option.variable().empty()) {
        EXPECT_EQ(settings_text(command, given(command, flags, {{option.variable(), value}})),
                  after);
      }
      ++looked_at;
    }
  }
  EXPECT_GT(looked_at, 120);
}

TEST(Settings, TellWhatCameFromFileAndEnvironment) {
  const std::string path = yaml_file("labels: known.tsv\n");
  const EvaluateSettings settings = evaluate_settings(
      {"results"}, given(Command::kEvaluate, {{"config", path}}, {{"VIRNUCPRO_SEED", "3"}}));
  EXPECT_EQ(settings.request.folder, "results");
  EXPECT_EQ(settings.common.config, path);
  EXPECT_THAT(settings.common.origins,
              testing::ElementsAre("labels = known.tsv (from " + path + ", line 1)",
                                   "seed = 3 (from VIRNUCPRO_SEED)"));
}

TEST(DoctorSettings, SayWhereEachSettingOfPredictComesFrom) {
  const std::string path = yaml_file("batch_tokens: 4096\n");
  const Variables variables = {{"VIRNUCPRO_FDR", "0.1"}, {"VIRNUCPRO_DISABLE_PACKING", "1"}};
  const DoctorSettings settings =
      doctor_settings(given(Command::kDoctor, {{"config", path}, {"threads", "3"}}, variables),
                      environment_of(variables));
  EXPECT_EQ(settings.refused, "");
  std::vector<std::string> lines;
  for (const SettingInForce& each : settings.in_force) {
    lines.push_back(fmt::format("{} = {} ({})", each.name, each.value, each.place));
  }
  EXPECT_THAT(lines,
              testing::IsSupersetOf(
                  {std::string("threads = 3 (--threads)"),
                   "batch-tokens = 4096 (" + path + ": line 1: batch_tokens)",
                   std::string("fdr = 0.1 (VIRNUCPRO_FDR)"), std::string("device = auto (default)"),
                   std::string("VIRNUCPRO_DISABLE_PACKING = 1 (overrules flags and settings)")}));
}

TEST(DoctorSettings, NoteWhatPredictWouldRefuse) {
  const Variables variables = {{"VIRNUCPRO_FDR", "0.1"}, {"VIRNUCPRO_RELAXED", "true"}};
  const DoctorSettings settings =
      doctor_settings(given(Command::kDoctor, {}, variables), environment_of(variables));
  EXPECT_THAT(settings.refused, testing::HasSubstr("VIRNUCPRO_FDR and VIRNUCPRO_RELAXED"));
}

TEST(PredictSettings, HaveTheDocumentedDefaults) {
  const PredictSettings settings = predict({});
  EXPECT_EQ(settings.request.inputs, std::vector<std::string>{"a.fa"});
  EXPECT_EQ(settings.request.output, "virnucpro_out");
  EXPECT_EQ(settings.run.models.bundle, "mini");
  EXPECT_FALSE(settings.run.models.has_own_parts());
  EXPECT_EQ(settings.run.models.expected_length, std::nullopt);
  EXPECT_EQ(settings.run.precision.precision, std::nullopt);
  EXPECT_EQ(settings.run.device, "auto");
  EXPECT_EQ(settings.run.threads, 0u);
  EXPECT_EQ(settings.run.batch_tokens, 0u);
  EXPECT_FALSE(settings.request.force || settings.run.precision.no_packing ||
               settings.run.common.quiet || settings.run.common.no_progress ||
               settings.run.common.json_log);
}

/// The defaults of the table, given as flags, change nothing.
TEST(Settings, HaveTheDefaultsOfTheTable) {
  int looked_at = 0;
  for (const Command command : commands()) {
    for (const Option& option : options()) {
      const std::string value(option.default_text);
      // Some are told in words, and one names the folder that was given.
      const bool is_said = value.empty() || value.find(' ') != std::string::npos || value == "DIR";
      // Without a word of it, a run estimates nothing and has no precision of its own.
      const bool may_be_absent = option.name == "prevalence" || option.name == "precision";
      if (!option.belongs_to(command) || is_said || may_be_absent || !option.has_effect) continue;
      SCOPED_TRACE(fmt::format("--{} of {}", option.name, name_of(command)));
      FlagValues flags = needed(command, option);
      const std::string before = settings_text(command, given(command, flags));
      flags[std::string(option.name)] = value;
      EXPECT_EQ(settings_text(command, given(command, flags)), before);
      ++looked_at;
    }
  }
  EXPECT_GT(looked_at, 80);
}

TEST(RunSettings, TakeNumbersOfGpusAsDevices) {
  EXPECT_EQ(predict({{"gpus", "0,1"}}).run.device, "cuda:0,1");
  EXPECT_EQ(predict({{"gpus", "01,2"}}).run.device, "cuda:1,2");
}

TEST(RunSettings, ReadLeadingZerosAsDecimal) {
  EXPECT_EQ(predict({{"shard", "02/03"}}).request.shard.number, 2u);
  EXPECT_EQ(predict({{"threads", "010"}}).run.threads, 10u);
}

TEST(RunSettings, AreWithoutProgressWhereTheyAreQuiet) {
  EXPECT_TRUE(predict({{"quiet", "true"}}).run.common.no_progress);
}

TEST(TrainSettings, HaveTheRateThatIsUsualForTheOptimizer) {
  FlagValues flags = {{"labels", "l.tsv"}, {"output-dir", "b"}};
  const auto rate = [&] {
    return train_settings(kArguments, given(Command::kTrain, flags)).request.settings.learning_rate;
  };
  EXPECT_EQ(rate(), 0.001);
  flags["optimizer"] = "sgd";
  EXPECT_EQ(rate(), 0.01);
  flags["learning-rate"] = "0.002";
  EXPECT_EQ(rate(), 0.002);
}

TEST(ImportSettings, TakeClassifiersAsAList) {
  const auto classifiers_of = [](const std::string& list) {
    std::string text;
    const FlagValues flags = {
        {"dnabert", "d"}, {"esm2", "e"}, {"output-dir", "b"}, {"classifier", list}};
    for (const auto& each : import_settings(given(Command::kImport, flags)).bundle.classifiers) {
      text += fmt::format("{}:{} ", each.expected_length, each.path);
    }
    return text;
  };
  EXPECT_EQ(classifiers_of("500=a.pth"), "500:a.pth ");
  EXPECT_EQ(classifiers_of("300=a.pth,500=b.pth"), "300:a.pth 500:b.pth ");
  EXPECT_EQ(classifiers_of("300=a,b.pth,500=c=d"), "300:a,b.pth 500:c=d ");
  for (const char* bad : {"a.pth", "=a.pth", "500=", "x=a.pth", "0=a", "300=a,500="}) {
    EXPECT_THROW(classifiers_of(bad), ConfigError) << bad;
  }
}

TEST(PullSettings, TakeOneNameOrTheList) {
  const Environment home = environment_of({{"HOME", "/home/a"}});
  const GivenOptions none = given(Command::kPull, {});
  EXPECT_EQ(pull_settings({"a"}, none, home).request.folder, "/home/a/.local/share/virnucpro");
  EXPECT_THROW(pull_settings({}, none, home), ConfigError);
  EXPECT_THROW(pull_settings({"a", "b"}, none, home), ConfigError);
  EXPECT_TRUE(pull_settings({}, given(Command::kPull, {{"list", "true"}}), home).list);
}

TEST(BenchSettings, KnowTheShapesThatTheHelpNames) {
  const std::string help(find_option(Command::kBench, "shape")->help);
  for (const ModelShapes& shapes : known_shapes()) {
    const std::string named = fmt::format("{} ({})", shapes.name, shapes.description);
    EXPECT_NE(help.find(named), std::string::npos) << named;
  }
}

}  // namespace
}  // namespace virnucpro::cli
