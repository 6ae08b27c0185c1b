#include "cli/commands/shared/run_command.h"

#include <string>

#include "base/counted.h"
#include "base/format.h"
#include "cli/command_line/help.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/terminal/console.h"
#include "cli/terminal/input_meter.h"
#include "cli/terminal/log_output.h"
#include "cli/terminal/progress.h"
#include "devices/device_models.h"
#include "devices/devices.h"
#include "devices/precision_line.h"
#include "sequence/input_file.h"

namespace virnucpro::cli {
namespace {

// From the pipeline's counters to the display; the input's position is asked for only when a line
// is due.
class ProgressBridge final : public ProgressSink {
 public:
  ProgressBridge(const std::vector<std::string>& inputs, ProgressDisplay& display)
      : meter_(inputs), display_(display) {}

  void update(const RunProgress& progress) override {
    if (!display_.is_due()) return;
    display_.update({.records = progress.records_read,
                     .chunks = progress.chunks_read,
                     .frames = progress.frames_embedded,
                     .frames_found = progress.frames_found,
                     .bytes_read = meter_.read(),
                     .bytes_total = meter_.total(),
                     .reading_done = progress.reading_done});
  }

 private:
  InputMeter meter_;
  ProgressDisplay& display_;
};

void log_devices(const Log& log, const DeviceChoice& device, const Workers& workers) {
  for (const std::string& line : device.passed_over) log.info("{}", line);
  std::size_t first = 0;
  for (const std::size_t lanes : workers.lanes) {
    const Backend& backend = *workers.backends[first];
    log.info("device {}: {}", backend.name(), backend.description());
    first += lanes;
  }
  for (const std::string& warning : device.warnings) log.warning("{}", warning);
  if (workers.numa_nodes > 1 && workers.lanes.size() == 1) {
    log.info("{} with {} on {} NUMA nodes",
             workers.backends.size() == 1 ? "one worker" : "one worker per node, together",
             counted(workers.threads, "thread"), workers.numa_nodes);
  }
}

/// How the devices shared the work, where there are several.
void log_shares(const Log& log, const RunReport& report) {
  const auto tokens_of = [](const DeviceReport& device) {
    return device.tokens.at("dnabert_s") + device.tokens.at("esm2");
  };
  if (report.devices.size() < 2) return;
  std::uint64_t all = 0;
  for (const DeviceReport& device : report.devices) all += tokens_of(device);
  if (all == 0) return;
  for (const DeviceReport& device : report.devices) {
    log.info("device {} computed {}, {:.1f} % of the tokens", device.name,
             counted(device.batches, "batch", "batches"),
             100.0 * static_cast<double>(tokens_of(device)) / static_cast<double>(all));
  }
}

void log_models(const Log& log, const LoadedModels& models, const PrecisionChoice& precision,
                const Backend& backend) {
  log.info("models {}{}{}, expected length {}", models.bundle,
           models.bundle_version.empty() ? "" : " ", models.bundle_version, models.expected_length);
  log.info("{}", precision_line(precision, models.accuracy, backend.description()));
  const std::string warning = accuracy_warning(precision.precision, models.accuracy);
  if (!warning.empty()) log.warning("{}", warning);
}

}  // namespace

std::string failed_text(std::uint64_t count) {
  return count == 0 ? std::string() : fmt::format(", {} failed", count);
}

void run_command(Context& context, const RunKind& kind, const RunSettings& settings,
                 const std::vector<std::string>& paths) {
  const Log log = log_for(context, settings.common);

  const InputGuard inputs = guard_of(context.environment, paths, settings);
  inputs.require_streams_apart();
  if (kind.require_apart) kind.require_apart(inputs);
  const PrecisionChoice precision = choose_precision(settings.precision, context.environment);
  DeviceRegistry devices(context.environment);
  DeviceChoice device = devices.choose(settings.device);
  if (kind.require_free_output) kind.require_free_output();
  // The run opens them later; large models may take minutes until then.
  for (const std::string& path : paths) check_readable(path);

  Workers workers = devices.create_workers(device, settings.threads);
  if (context.change_workers) context.change_workers(workers);
  for (const auto& backend : workers.backends) backend->set_stop(context.stop);
  log_origins(log, settings.common);
  log_devices(log, device, workers);
  // Before the models are loaded, which may take minutes.
  for (const std::string& warning : precision.warnings) log.warning("{}", warning);
  // Of several devices, all must have it: weights of the others are not read in vain.
  for (const auto& backend : workers.backends) require_offered(precision.precision, *backend);
  const ModelHashing hashing = hashing_for(context, context.stop);
  const DeviceModels device_models(workers, [&](Backend& backend) {
    return load_models(settings.models, precision.precision, kind.with_classifier,
                       bundle_opener(context.environment), backend, hashing);
  });
  const LoadedModels& models = device_models.front();
  log_models(log, models, precision, *workers.backends.front());

  RunSummary summary;
  {
    ProgressDisplay display(context.console, log, !settings.common.no_progress);
    ProgressBridge progress(paths, display);
    RunContext run;
    run.program_version = program_version();
    run.command_line = command_line_of(context);
    run.precision = precision;
    run.device = device.name;
    for (const auto& backend : workers.backends) run.backends.push_back(backend.get());
    run.models = device_models.by_backend();
    run.warnings = device.warnings;
    run.threads = workers.threads;
    run.numa_nodes = workers.numa_nodes;
    run.log = log;
    run.progress = &progress;
    run.work = WorkProgress([&display](const WorkState& state) { display.update(state); });
    run.load_exact = [&](Backend& backend) {
      return load_models(settings.models, Precision::kFp32, false,
                         bundle_opener(context.environment), backend, hashing);
    };
    summary = kind.run(models, run, context.stop);
  }
  log_shares(log, summary.report);
  kind.log_summary(summary, log);
}

}  // namespace virnucpro::cli
