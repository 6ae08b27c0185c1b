#include "cli/commands/precision/precision_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/errors.h"
#include "base/format.h"
#include "cli/command_line/command_options.h"
#include "cli/command_line/help.h"
#include "cli/commands/precision/precision_settings.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/progress.h"
#include "devices/devices.h"
#include "jobs/precision.h"
#include "report/precision_files.h"
#include "sequence/input_file.h"

namespace virnucpro::cli {
namespace {

/// Passes the study's counters to the display. It leaves out the size of the input, which is not
/// read to its end when the limit comes first.
class ProgressBridge final : public ProgressSink {
 public:
  explicit ProgressBridge(ProgressDisplay& display) : display_(display) {}

  void update(const RunProgress& progress) override {
    if (!display_.is_due()) return;
    display_.update({.records = progress.records_read,
                     .chunks = progress.chunks_read,
                     .frames = progress.frames_embedded,
                     .frames_found = progress.frames_found});
  }

 private:
  ProgressDisplay& display_;
};

/// `files`, where they are wanted, is filled in once the models are loaded.
PrecisionReport study(Context& context, const PrecisionSettings& settings,
                      const PrecisionChoice& precision, DeviceChoice& device,
                      DeviceRegistry& devices, const Log& log,
                      std::optional<PrecisionFiles>& files) {
  const std::unique_ptr<Backend> backend = devices.create_backend(device, settings.run.threads);
  backend->set_stop(context.stop);
  for (const std::string& line : device.passed_over) log.info("{}", line);
  backend->bind_thread();
  log.info("device {}: {}", device.name, backend->description());
  const std::string started_at = utc_now();
  const ModelHashing hashing = hashing_for(context, context.stop);
  const LoadedModels studied =
      load_models(settings.run.models, precision.precision, /*with_classifier=*/true,
                  open_named_bundle, *backend, hashing);
  const LoadedModels exact =
      load_models(settings.run.models, Precision::kFp32, /*with_classifier=*/false,
                  open_named_bundle, *backend, hashing);
  log.info("models {}{}{}, expected length {}", studied.bundle,
           studied.bundle_version.empty() ? "" : " ", studied.bundle_version,
           studied.expected_length);
  if (!settings.run.models.has_own_parts()) {
    log.info(
        "weights of bundles are stored as float16, and FP32 starts from the same: to see what "
        "their "
        "rounding costs, give the original checkpoints (--dnabert, --esm2, --classifier)");
  }
  if (!settings.report_folder.empty()) files.emplace(settings.report_folder);
  ProgressDisplay display(context.console, log, !settings.run.common.no_progress);
  ProgressBridge progress(display);
  PrecisionReport report = study_precision(
      settings.inputs,
      {.studied = studied,
       .exact = exact,
       .precision = precision,
       .backend = *backend,
       .limit = settings.limit,
       .batch_tokens = settings.run.batch_tokens,
       .log = log,
       .progress = &progress},
      [&files](const FrameComparison& frame) {
        if (files) files->frame(frame);
      },
      context.stop);
  studied.require_unchanged();
  exact.require_unchanged();
  RunReport& run = report.run;
  run.program_version = program_version();
  run.command_line = command_line_of(context);
  run.started_at = started_at;
  run.device = device.name;
  run.device_description = backend->description();
  return report;
}

void run_precision(Context& context, const PrecisionSettings& settings) {
  const Log log = log_for(context, settings.run.common);
  const std::string& folder = settings.report_folder;

  const InputGuard inputs = guard_of(settings.inputs, settings.run);
  inputs.require_streams_apart();
  if (!folder.empty()) inputs.require_apart(folder, precision_file_names());
  const PrecisionChoice precision = studied_precision(settings.run.precision, context.environment);
  DeviceRegistry devices(context.environment);
  DeviceChoice device = devices.choose(settings.run.device);
  if (!folder.empty()) require_free_precision_folder(folder, settings.force);
  for (const std::string& input : settings.inputs) check_readable(input);
  log_origins(log, settings.run.common);
  std::optional<PrecisionFiles> files;
  const PrecisionReport report = study(context, settings, precision, device, devices, log, files);
  if (files) files->publish(report);
  context.console.print(precision_summary(report));
  context.console.flush();
  if (report.nonfinite_frames == 0) {
    if (report.nonfinite_scores == 0) return;
    throw PrecisionError(fmt::format(
        "the classifier gives NaN or infinity for {} of {} frames, whose embeddings are "
        "finite: its weights are damaged, or not of these encoders",
        report.nonfinite_scores, report.frames));
  }
  const bool exact_too = report.encoders[0].nonfinite_fp32 + report.encoders[1].nonfinite_fp32 > 0;
  throw PrecisionError(fmt::format(
      "{} of {} frames have no finite embedding in {}; the table says where NaN or infinity came "
      "up first. {}",
      report.nonfinite_frames, report.frames, report.run.precision,
      exact_too ? "FP32 is not finite either: the weights themselves are to blame"
                : "Use another --precision with this model"));
}

}  // namespace

void add_precision_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "precision", "Compare a precision with FP32 on your sequences: embeddings, scores, layers");
  CommandOptions taken(*command, context);
  taken.arguments("INPUT", kSequenceFiles, "the path of a file", /*are_needed=*/false);
  command->footer(
      help_footer({"virnucpro precision contigs.fa",
                   "virnucpro precision contigs.fa --precision int8 --limit 5000 -o int8_report",
                   "virnucpro precision reads.fq.gz --dnabert DNABERT-S/ --esm2 esm2.pt "
                   "--classifier 500_model.pth"}));
  taken.run_with(Command::kPrecision, [&context](const std::vector<std::string>& arguments,
                                                 const GivenOptions& options) {
    run_precision(context, precision_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
