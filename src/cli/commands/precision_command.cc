#include "cli/commands/precision_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/errors.h"
#include "base/format.h"
#include "cli/command_line/command_line.h"
#include "cli/command_line/help.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/commands/shared/result_log.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/log_output.h"
#include "cli/terminal/progress.h"
#include "pipeline/devices.h"
#include "pipeline/precision_study.h"
#include "report/precision_files.h"
#include "sequence/input_file.h"

namespace virnucpro::cli {
namespace {

/// From the study's counters to the display. How long the input is says nothing: it is not read to
/// its end when the limit comes first.
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

/// `files` is filled in once the models are loaded, where files are asked for.
PrecisionReport study(Context& context, const RunSettings& settings,
                      const PrecisionChoice& precision, DeviceChoice& device,
                      DeviceRegistry& devices, const Log& log,
                      std::optional<PrecisionFiles>& files) {
  const std::unique_ptr<Backend> backend = devices.create_backend(device, settings.threads);
  backend->set_stop(context.stop);
  for (const std::string& line : device.passed_over) log.info("{}", line);
  backend->bind_thread();
  log.info("device {}: {}", device.name, backend->description());
  const std::string started_at = utc_now();
  const ModelHashing hashing = hashing_for(context, context.stop);
  const LoadedModels studied = load_models(settings, precision.precision, /*with_classifier=*/true,
                                           open_named_bundle, *backend, hashing);
  const LoadedModels exact = load_models(settings, Precision::kFp32, /*with_classifier=*/false,
                                         open_named_bundle, *backend, hashing);
  log.info("models {}{}{}, expected length {}", studied.bundle,
           studied.bundle_version.empty() ? "" : " ", studied.bundle_version,
           studied.expected_length);
  if (!settings.has_own_parts()) {
    log.info(
        "weights of bundles are stored as float16, and FP32 starts from the same: to see what "
        "their "
        "rounding costs, give the original checkpoints (--dnabert, --esm2, --classifier)");
  }
  if (!settings.output.empty()) files.emplace(settings.output);
  ProgressDisplay display(context.console, log, !settings.no_progress);
  ProgressBridge progress(display);
  PrecisionReport report = study_precision(
      settings,
      {.studied = studied,
       .exact = exact,
       .precision = precision,
       .backend = *backend,
       .limit = settings.frame_limit,
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

void run_precision(Context& context, const SettingsArguments& arguments) {
  const ResolvedSettings resolved =
      resolve_settings(Command::kPrecision, arguments.inputs, arguments.flags, context.environment);
  const RunSettings& settings = resolved.settings;
  if (settings.json_log) context.console.use_json();
  const Log log = make_log(context.console, {settings.quiet, settings.json_log});

  const InputGuard inputs = guard_of(resolved);
  inputs.require_streams_apart();
  if (!settings.output.empty()) inputs.require_apart(settings.output, precision_file_names());
  const PrecisionChoice precision = studied_precision(settings, context.environment);
  DeviceRegistry devices(context.environment);
  DeviceChoice device = devices.choose(settings.device);
  if (!settings.output.empty()) require_free_precision_folder(settings.output, settings.force);
  for (const std::string& input : settings.inputs) check_readable(input);
  for (const std::string& origin : resolved.origins) log.info("setting {}", origin);
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
  auto arguments = std::make_shared<SettingsArguments>();
  CommandOptions options(*command, context);
  add_settings_arguments(options, Command::kPrecision, *arguments);
  command->footer(
      help_footer({"virnucpro precision contigs.fa",
                   "virnucpro precision contigs.fa --precision int8 --limit 5000 -o int8_report",
                   "virnucpro precision reads.fq.gz --dnabert DNABERT-S/ --esm2 esm2.pt "
                   "--classifier 500_model.pth"}));
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { run_precision(context, *arguments); };
  });
}

}  // namespace virnucpro::cli
