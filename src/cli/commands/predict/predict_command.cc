#include "cli/commands/predict/predict_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_line/command_options.h"
#include "cli/command_line/help.h"
#include "cli/commands/predict/predict_settings.h"
#include "cli/commands/shared/run_command.h"
#include "cli/context.h"
#include "cli/terminal/progress.h"

namespace virnucpro::cli {
namespace {

void log_summary(const PredictRequest& request, const RunSummary& summary, const Log& log) {
  const RunReport& report = summary.report;
  const OutcomeCounts& chunks = report.ledger.chunks;
  const auto seconds = std::chrono::seconds(static_cast<std::int64_t>(report.seconds));
  log.info(
      "{} records, {} chunks ({} scored, {} without open frame, {} too short{}), {} frames ({} "
      "repeated{}) in {}",
      report.intake.records, report.intake.chunks, chunks[Outcome::kScored],
      chunks[Outcome::kNoOrf], chunks[Outcome::kTooShort], failed_text(chunks[Outcome::kFailed]),
      report.ledger.frames, report.frames_repeated, failed_text(report.ledger.failed_frames),
      short_duration(seconds));
  if (report.frames.choice != FrameChoice::kOpen) {
    log.info("by runs, without an open frame: {} records, {} of the scored chunks",
             report.ledger.run_records, report.ledger.run_chunks);
  }
  log.info("viral: {} of {} records, {} of {} scored chunks", report.calls.viral_records,
           report.intake.records, report.calls.viral_chunks, chunks[Outcome::kScored]);
  if (report.calls.estimated_prevalence && report.calls.viral_records > 0) {
    log.info(
        "of the {} records called viral about {:.1f} are expected to be wrong, if {:.3g} of all "
        "records are viruses, as their scores suggest",
        report.calls.viral_records, report.calls.expected_wrong_records,
        *report.calls.estimated_prevalence);
  }
  log.info("results in {}: predictions.tsv has every frame, contigs.tsv every record",
           request.output);
}

void predict(Context& context, const PredictSettings& settings) {
  const PredictRequest& request = settings.request;
  RunKind kind;
  kind.require_apart = [&](const InputGuard& inputs) {
    inputs.require_apart(request.output, prediction_names(/*with_database=*/true));
  };
  kind.require_free_output = [&] { require_free_prediction_folder(request.output, request.force); };
  kind.run = [&](const LoadedModels& models, const RunContext& run, std::stop_token stop) {
    return run_predict(request, models, run, std::move(stop));
  };
  kind.log_summary = [&](const RunSummary& summary, const Log& log) {
    log_summary(request, summary, log);
  };
  run_command(context, kind, settings.run, request.inputs);
}

}  // namespace

void add_predict_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("predict", "Find viral sequences in reads and contigs");
  CommandOptions taken(*command, context);
  taken.arguments("INPUT", kSequenceFiles, "the path of a file", /*are_needed=*/false);
  command->footer(
      help_footer({"virnucpro predict contigs.fa -o results",
                   "virnucpro predict reads_1.fq.gz reads_2.fq.gz --expected-length 300",
                   "samtools view -b -f 4 run.bam | virnucpro predict - -o unmapped",
                   "virnucpro predict contigs.fa --bundle published/ --threads 16"}));
  taken.run_with(Command::kPredict, [&context](const std::vector<std::string>& arguments,
                                               const GivenOptions& options) {
    predict(context, predict_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
