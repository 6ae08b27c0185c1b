#include "cli/commands/classify/classify_command.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "base/format.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/classify/classify_settings.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/commands/shared/no_effect.h"
#include "cli/commands/shared/run_command.h"
#include "cli/context.h"
#include "jobs/classify.h"
#include "jobs/predict.h"
#include "sequence/reader.h"
#include "weights/open_bundle.h"

namespace virnucpro::cli {
namespace {

/// A pipe cannot be looked into and read again.
bool is_empty_file(const std::string& input, const Log& log, const std::stop_token& stop) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(input, error)) return false;
  SequenceReader reader({input}, log, stop);
  Record record;
  return !reader.next(record);
}

void classify(Context& context, const ClassifySettings& settings) {
  const Log log = log_for(context, settings.run.common);
  log_no_effect(log, settings.no_effect);
  PredictRequest request;
  request.inputs = {settings.input};
  request.output = classify_folder(settings.output);
  request.resume = settings.resume;
  request.force = !settings.resume;
  const auto require_apart = [&](const InputGuard& inputs) {
    inputs.require_apart(settings.output, "OUT.tsv");
    inputs.require_apart(highestscore_path(settings.output), "OUT.tsv");
    inputs.require_apart(request.output, prediction_names(/*with_database=*/true));
  };
  // The models are not needed, and may not be there.
  require_apart(guard_of(request.inputs, settings.run.common.config));
  if (is_empty_file(settings.input, log, context.stop)) {
    write_empty_tables(settings.output);
    return log.warning("{}: has no records; the tables have headers only", settings.input);
  }
  RunSettings run = settings.run;
  run.models = published_models(bundle_place(context.environment, settings.models),
                                settings.expected_length, embedded_bundle_names());
  RunKind kind;
  kind.require_apart = require_apart;
  kind.require_free_output = [&] { require_free_prediction_folder(request.output, request.force); };
  kind.run = [&](const LoadedModels& models, const RunContext& context_of_run,
                 std::stop_token stop) {
    RunSummary summary = run_predict(request, models, context_of_run, std::move(stop));
    publish_classified(settings.output);
    return summary;
  };
  kind.log_summary = [&](const RunSummary& summary, const Log& summary_log) {
    const RunReport& report = summary.report;
    summary_log.info("viral: {} of {}, {} of {}", report.calls.viral_records,
                     counted(report.intake.records, "record"), report.calls.viral_chunks,
                     counted(report.ledger.chunks[Outcome::kScored], "scored chunk"));
    summary_log.info("frames in {}, chunks in {}", settings.output,
                     highestscore_path(settings.output));
  };
  run_command(context, kind, run, request.inputs);
}

}  // namespace

void add_classify_command(CLI::App& app, Context& context) {
  CommandOptions taken(
      app, context, "classify",
      "VirNucPro: Classify viral sequences, with the command line of the container virnucpro-cuda",
      {"virnucpro classify reads.bam reads.tsv --no-gpu",
       "virnucpro classify contigs.fa contigs.tsv --expected-length 300 "
       "--virnucpro-path /opt/VirNucPro"});
  taken.argument("input_bam", kSequenceFiles, "the path of a file");
  taken.argument("output_tsv",
                 "Table of frames; that of chunks stands beside it, as ..._highestscore.csv",
                 "the path of a file");
  taken.run_with(Command::kClassify, [&context](const std::vector<std::string>& arguments,
                                                const GivenOptions& options) {
    classify(context, classify_settings(arguments, options, context.environment));
  });
}

}  // namespace virnucpro::cli
