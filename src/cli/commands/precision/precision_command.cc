#include "cli/commands/precision/precision_command.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "bundles/measured_bundle.h"
#include "cli/command_line/command_options.h"
#include "cli/command_line/help.h"
#include "cli/commands/precision/precision_settings.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/progress.h"
#include "devices/devices.h"
#include "report/precision_files.h"
#include "sequence/input_file.h"
#include "studies/precision.h"
#include "weights/open_bundle.h"

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

/// What is loaded for a study.
struct StudyModels {
  LoadedModels exact;
  std::deque<LoadedModels> loaded;
  std::vector<StudiedModels> studied;  // of `loaded`
};

StudyModels load_all(Context& context, const RunSettings& settings,
                     const std::vector<Precision>& precisions, Backend& backend) {
  const ModelHashing hashing = hashing_for(context, context.stop);
  const auto load = [&](Precision precision, bool with_classifier) {
    return load_models(settings.models, precision, with_classifier,
                       bundle_opener(context.environment), backend, hashing);
  };
  StudyModels models{.exact = load(Precision::kFp32, true), .loaded = {}, .studied = {}};
  for (const Precision precision : precisions) {
    models.studied.push_back({models.loaded.emplace_back(load(precision, false)), precision});
  }
  return models;
}

/// `files`, where they are wanted, is filled in once the models are loaded.
PrecisionReport study(Context& context, const PrecisionSettings& settings,
                      const std::vector<Precision>& precisions, bool packed, DeviceChoice& device,
                      DeviceRegistry& devices, const Log& log,
                      std::optional<PrecisionFiles>& files) {
  const std::unique_ptr<Backend> backend = devices.create_backend(device, settings.run.threads);
  backend->set_stop(context.stop);
  for (const std::string& line : device.passed_over) log.info("{}", line);
  backend->bind_thread();
  log.info("device {}: {}", device.name, backend->description());
  for (const Precision precision : precisions) require_offered(precision, *backend);
  const std::string started_at = utc_now();
  const StudyModels models = load_all(context, settings.run, precisions, *backend);
  const LoadedModels& exact = models.exact;
  log.info("models {}{}{}, expected length {}", exact.bundle,
           exact.bundle_version.empty() ? "" : " ", exact.bundle_version, exact.expected_length);
  if (!settings.run.models.has_own_parts()) {
    log.info(
        "weights of bundles are stored as float16, and FP32 starts from the same: to see what "
        "their rounding costs, give the original checkpoints (--dnabert, --esm2, --classifier)");
  }
  if (!settings.report_folder.empty()) files.emplace(settings.report_folder);
  ProgressDisplay display(context.console, log, !settings.run.common.no_progress);
  ProgressBridge progress(display);
  PrecisionReport report = study_precision(
      settings.inputs,
      {.studied = models.studied,
       .exact = exact,
       .packed = packed,
       .backend = *backend,
       .limit = settings.limit,
       .batch_tokens = settings.run.batch_tokens,
       .log = log,
       .progress = &progress},
      [&files](const FrameComparison& frame) {
        if (files) files->frame(frame);
      },
      context.stop);
  exact.require_unchanged();
  for (const LoadedModels& loaded : models.loaded) loaded.require_unchanged();
  RunReport& run = report.run;
  run.program_version = program_version();
  run.command_line = command_line_of(context);
  run.started_at = started_at;
  run.device = device.name;
  run.device_description = backend->description();
  return report;
}

/// Throws PrecisionError when a precision has frames without a finite embedding or score.
void require_finite(const PrecisionReport& report) {
  for (const PrecisionResult& result : report.precisions) {
    if (result.nonfinite_frames == 0 && result.nonfinite_scores == 0) continue;
    if (result.nonfinite_frames == 0) {
      throw PrecisionError(
          fmt::format("the classifier gives NaN or infinity for {} of {}, whose embeddings are "
                      "finite: its weights are damaged, or not of these encoders",
                      result.nonfinite_scores, counted(report.frames, "frame")));
    }
    const bool exact_too =
        result.encoders[0].nonfinite_fp32 + result.encoders[1].nonfinite_fp32 > 0;
    throw PrecisionError(fmt::format(
        "{} of {} {} no finite embedding in {}; the table says where NaN or infinity came "
        "up first. {}",
        result.nonfinite_frames, counted(report.frames, "frame"),
        result.nonfinite_frames == 1 ? "has" : "have", name_of(result.precision),
        exact_too ? "FP32 is not finite either: the weights themselves are to blame"
                  : "Use another --precision with this model"));
  }
}

void run_precision(Context& context, const PrecisionSettings& settings) {
  const Log log = log_for(context, settings.run.common);
  const std::string& folder = settings.report_folder;

  const InputGuard inputs = guard_of(context.environment, settings.inputs, settings.run);
  inputs.require_streams_apart();
  if (!folder.empty()) inputs.require_apart(folder, precision_file_names());
  if (!settings.bundle_folder.empty()) inputs.require_outside(settings.bundle_folder);
  const std::vector<Precision> precisions =
      studied_precisions(settings.precisions, context.environment);
  const bool packed = choose_precision({.precision = precisions.front(),
                                        .no_packing = settings.run.precision.no_packing},
                                       context.environment)
                          .packed;
  DeviceRegistry devices(context.environment);
  DeviceChoice device = devices.choose(settings.run.device);
  if (!folder.empty()) require_free_precision_folder(folder, settings.force);
  if (!settings.bundle_folder.empty()) {
    require_free_bundle_folder(settings.bundle_folder, settings.force);
  }
  for (const std::string& input : settings.inputs) check_readable(input);
  log_origins(log, settings.run.common);
  std::optional<PrecisionFiles> files;
  const PrecisionReport report =
      study(context, settings, precisions, packed, device, devices, log, files);
  if (files) files->publish(report);
  context.console.print(precision_summary(report));
  context.console.flush();
  require_finite(report);
  if (settings.bundle_folder.empty()) return;
  save_measured_bundle(open_named_bundle(context.environment, settings.run.models.bundle), report,
                       settings.bundle_folder, settings.force, context.stop);
  log.info("{} has the figures in its card", settings.bundle_folder);
}

}  // namespace

void add_precision_command(CLI::App& app, Context& context) {
  CommandOptions taken(
      app, context, "precision",
      "Compare precisions with FP32 on your sequences: embeddings, scores, layers, speed",
      {"virnucpro precision contigs.fa",
       "virnucpro precision contigs.fa --precision fp16,bf16,int8 --limit 5000 -o report",
       "virnucpro precision contigs.fa --bundle published/ --save-bundle measured/",
       "virnucpro precision reads.fq.gz --dnabert DNABERT-S/ --esm2 esm2.pt "
       "--classifier 500_model.pth"});
  taken.arguments("INPUT", kSequenceFiles, "the path of a file", /*are_needed=*/false);
  taken.run_with(Command::kPrecision, [&context](const std::vector<std::string>& arguments,
                                                 const GivenOptions& options) {
    run_precision(context, precision_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
