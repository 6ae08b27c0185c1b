#include "cli/commands/predict_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "cli/command_line/help.h"
#include "cli/commands/shared/run_command.h"
#include "cli/terminal/progress.h"

namespace virnucpro::cli {
namespace {

void log_summary(const RunSettings& settings, const RunSummary& summary, const Log& log) {
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
  log.info("viral: {} of {} records, {} of {} scored chunks", report.calls.viral_records,
           report.intake.records, report.calls.viral_chunks, chunks[Outcome::kScored]);
  log.info("results in {}: predictions.tsv has every frame, contigs.tsv every record",
           settings.output);
}

RunKind predict_kind() {
  const auto require_apart = [](const RunSettings& settings, const InputGuard& inputs) {
    inputs.require_apart(settings.output, prediction_names(/*with_database=*/true));
  };
  return {Command::kPredict, /*with_classifier=*/true,
          require_apart,     require_free_prediction_folder,
          run_predict,       log_summary};
}

}  // namespace

void add_predict_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("predict", "Find viral sequences in reads and contigs");
  auto arguments = std::make_shared<SettingsArguments>();
  CommandOptions options(*command, context);
  add_settings_arguments(options, Command::kPredict, *arguments);
  command->footer(
      help_footer({"virnucpro predict contigs.fa -o results",
                   "virnucpro predict reads_1.fq.gz reads_2.fq.gz --expected-length 300",
                   "samtools view -b -f 4 run.bam | virnucpro predict - -o unmapped",
                   "virnucpro predict contigs.fa --bundle published/ --threads 16"}));
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { run_command(context, predict_kind(), *arguments); };
  });
}

}  // namespace virnucpro::cli
