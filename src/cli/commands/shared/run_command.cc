#include "cli/commands/shared/run_command.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

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
#include "devices/faster_ways.h"
#include "devices/precision_line.h"
#include "jobs/remote_inputs.h"
#include "jobs/run_cost.h"
#include "sequence/input_file.h"

namespace virnucpro::cli {
namespace {

/// Says once how long the run will take, where that is long, and what would be faster.
class CostNotice {
 public:
  CostNotice(Log log, std::string where, std::vector<std::string> faster)
      : log_(std::move(log)), where_(std::move(where)), faster_(std::move(faster)) {}

  /// True until it is known whether there is something to say.
  bool is_open() const { return is_open_; }

  void update(const RunProgress& progress, const std::optional<RunCost>& cost) {
    if (!is_open_ || !cost) return;
    if (cost->seconds < kLongSeconds) {
      // The first batches of one encoder alone may look faster than the run will be.
      const bool have_both = progress.encoders[EncoderKind::kDnabertS].tokens_computed > 0 &&
                             progress.encoders[EncoderKind::kEsm2].tokens_computed > 0;
      is_open_ = !have_both || progress.seconds < kSureSeconds;
      return;
    }
    is_open_ = false;
    log_.info(
        "this run will take about {} {}{}", duration_text(cost->seconds), where_,
        faster_.empty() ? "" : fmt::format("; faster would be: {}", fmt::join(faster_, ", or ")));
  }

 private:
  /// Shorter runs need no word about it.
  static constexpr double kLongSeconds = 600.0;
  /// After this time an estimate no longer grows much.
  static constexpr double kSureSeconds = 60.0;

  const Log log_;
  const std::string where_;
  const std::vector<std::string> faster_;
  bool is_open_ = true;
};

// From the pipeline's counters to the display; the input's position is asked for only when a line
// is due.
class ProgressBridge final : public ProgressSink {
 public:
  ProgressBridge(const std::vector<std::string>& inputs, ProgressDisplay& display, CostFacts facts,
                 CostNotice notice)
      : meter_(inputs), display_(display), facts_(facts), notice_(std::move(notice)) {}

  void update(const RunProgress& progress) override {
    const bool is_due = display_.is_due();
    if (!is_due && !notice_.is_open()) return;
    const std::uint64_t bytes_read = meter_.read();
    std::optional<double> share;
    if (meter_.total() && *meter_.total() > 0) {
      share = static_cast<double>(bytes_read) / static_cast<double>(*meter_.total());
    }
    const std::optional<RunCost> cost = expected_cost(progress, share, facts_);
    notice_.update(progress, cost);
    if (!is_due) return;
    ProgressCounts counts{.records = progress.records_read,
                          .chunks = progress.chunks_read,
                          .frames = progress.frames_embedded,
                          .frames_found = progress.frames_found,
                          .bytes_read = bytes_read,
                          .bytes_total = meter_.total(),
                          .reading_done = progress.reading_done};
    if (cost) counts.seconds_left = cost->seconds_left;
    display_.update(counts);
  }

 private:
  InputMeter meter_;
  ProgressDisplay& display_;
  const CostFacts facts_;
  CostNotice notice_;
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
  PrecisionRequest asked = settings.precision;
  if (!asked.precision) {
    asked.precision = stored_precision(settings.models, bundle_opener(context.environment));
  }
  const PrecisionChoice precision = choose_precision(asked, context.environment);
  DeviceRegistry devices(context.environment);
  DeviceChoice device = devices.choose(settings.device);
  if (kind.require_free_output) kind.require_free_output();
  // The run opens them later; large models may take minutes until then.
  for (const std::string& path : paths) check_readable(path, kind.takes_addresses);

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
    CostFacts facts;
    for (const EncoderKind encoder : kEncoderKinds) {
      facts.weights[encoder] = static_cast<double>(models.weight_counts[encoder]);
    }
    facts.workers = workers.backends.size();
    ProgressBridge progress(
        paths, display, facts,
        {log, fmt::format("on {} in {}", device.name, name_of(precision.precision)),
         faster_ways(precision, workers, settings.device != "auto")});
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
    if (kind.takes_addresses) run.open_address = address_opener(context.environment, log);
    run.progress = &progress;
    run.work = WorkProgress([&display](const WorkState& state) { display.update(state); });
    ModelRequest exact = settings.models;
    exact.widens_stored = true;
    run.load_exact = [&, exact](Backend& backend) {
      return load_models(exact, Precision::kFp32, false, bundle_opener(context.environment),
                         backend, hashing);
    };
    summary = kind.run(models, run, context.stop);
  }
  log_shares(log, summary.report);
  kind.log_summary(summary, log);
}

}  // namespace virnucpro::cli
