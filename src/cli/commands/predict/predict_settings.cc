#include "cli/commands/predict/predict_settings.h"

#include "base/errors.h"
#include "base/format.h"
#include "cli/commands/shared/call_options.h"
#include "cli/commands/shared/no_effect.h"
#include "cli/commands/shared/table_options.h"
#include "cli/commands/shared/write_options.h"
#include "config/resolve.h"

namespace virnucpro::cli {

namespace {

/// --model-type, --model-path and a GPU by its bare number, as the Python program takes them.
void take_old_names(const GivenOptions& options, RunSettings& run) {
  ModelRequest& models = run.models;
  options.store("model-path", models.bundle_classifier);
  if (const std::string* type = options.find("model-type")) {
    const bool is_custom = *type == "custom";
    if (is_custom && models.bundle_classifier.empty()) {
      throw ConfigError("--model-path is required when using --model-type custom");
    }
    const std::int64_t length = is_custom ? 500 : static_cast<std::int64_t>(*parse_whole(*type));
    if (!models.expected_length) models.expected_length = length;
    if (!is_custom && models.bundle_classifier.empty() && *models.expected_length != length) {
      throw ConfigError(fmt::format(
          "--model-type {} and --expected-length {} name different classifiers; give one of the "
          "two, or a classifier with --model-path",
          length, *models.expected_length));
    }
  }
  if (!models.bundle_classifier.empty() && models.has_own_parts()) {
    throw ConfigError(
        "--model-path replaces the classifier of a bundle; beside --dnabert and --esm2, name it "
        "with --classifier");
  }
  if (parse_whole(run.device)) run.device = "cuda:" + run.device;
}

void require_suits_samples(const std::vector<std::string>& arguments,
                           const PredictSettings& settings) {
  if (!arguments.empty()) {
    throw ConfigError("--sample-sheet names the files; give no INPUT beside it");
  }
  if (settings.request.shard.of > 1 || !settings.shard_plan.empty()) {
    throw ConfigError("--sample-sheet and --shard exclude each other; give each job some samples");
  }
  if (settings.write && !settings.write->outputs.empty()) {
    throw ConfigError(
        "--write-to cannot name files for several samples; without it, each sample "
        "has its own in its folder");
  }
}

}  // namespace

PredictSettings predict_settings(const std::vector<std::string>& arguments,
                                 const GivenOptions& options) {
  PredictSettings settings;
  options.store("sample-sheet", settings.sample_sheet);
  if (settings.sample_sheet.empty()) require_inputs(arguments);
  settings.run = run_settings(options);
  settings.run.models.frames = frame_choice(options);
  take_old_names(options, settings.run);
  settings.no_effect = flags_without_effect(options, Command::kPredict);
  PredictRequest& request = settings.request;
  request.inputs = arguments;
  request.output = kDefaultOutputFolder;
  request.batch_tokens = settings.run.batch_tokens;
  options.store("output-dir", request.output);
  options.store("force", request.force);
  options.store("resume", request.resume);
  options.store("repair", request.repair);
  if (const std::string* shard = options.find("shard")) request.shard = parse_shard(*shard).value();
  options.store("shard-plan", settings.shard_plan);
  options.store("keep-embeddings", request.keep_embeddings);
  request.calls = call_request(options);
  store_table_options(options, request.tables);
  settings.write = write_request(options);
  if (settings.write && request.shard.of > 1) {
    throw ConfigError(
        "--write needs all records and --shard computes some; merge the shards, then "
        "write the records with 'virnucpro report'");
  }
  if (!settings.sample_sheet.empty()) require_suits_samples(arguments, settings);
  return settings;
}

}  // namespace virnucpro::cli
