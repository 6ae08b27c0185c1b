#include "cli/commands/estimate/estimate_command.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "base/format.h"
#include "base/stopwatch.h"
#include "bench/estimate.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/estimate/estimate_settings.h"
#include "cli/commands/shared/run_command.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/input_meter.h"
#include "cli/terminal/progress.h"

namespace virnucpro::cli {
namespace {

void log_estimate(const RunEstimate& estimate, const EstimatedDevices& devices, const Log& log) {
  if (estimate.share_read < 1.0) {
    log.info("read {:.3g} % of the input; the rest is taken to be like it",
             100.0 * estimate.share_read);
  }
  log.info(
      "measured {} on {}: {:.4g} a second, and {:.3g} seconds of any run",
      counted(estimate.chunks_measured, "chunk"), devices.name,
      estimate.work_seconds.value > 0.0 ? estimate.chunks.value / estimate.work_seconds.value : 0.0,
      estimate.fixed_seconds);
}

void run_estimate(Context& context, const EstimateSettings& settings) {
  estimate_with(context, settings, [&](const RunEstimate& estimate, const EstimatedDevices&) {
    context.console.print(estimate_table(estimate, settings.price));
  });
}

}  // namespace

void estimate_with(
    Context& context, const EstimateSettings& settings,
    const std::function<void(const RunEstimate& estimate, const EstimatedDevices& devices)>& take) {
  const Stopwatch watch;
  std::optional<RunEstimate> estimate;
  EstimatedDevices devices;
  RunKind kind;
  kind.run = [&](const LoadedModels& models, const RunContext& run, std::stop_token stop) {
    std::set<std::string_view> names;
    for (const Backend* backend : run.backends) names.insert(backend->name());
    devices = {run.device, names.size(), run.threads};
    EstimateRequest request = settings.request;
    request.devices = devices.count;
    request.start_seconds = watch.seconds();
    InputMeter meter(request.inputs);
    estimate = estimate_run(
        request, models, run,
        [&] {
          return ReadBytes{meter.read(), meter.total()};
        },
        stop);
    return RunSummary();
  };
  kind.log_summary = [&](const RunSummary&, const Log& log) {
    log_estimate(*estimate, devices, log);
    take(*estimate, devices);
  };
  run_command(context, kind, settings.run, settings.request.inputs);
}

void add_estimate_command(CLI::App& app, Context& context) {
  CommandOptions taken(
      app, context, "estimate",
      "Say what a run over these files will take: time, memory, disk, money",
      {"virnucpro estimate reads.fq.gz",
       "virnucpro estimate contigs.fa --bundle published/ --device cuda --price 3.2",
       "virnucpro estimate reads_1.fq.gz reads_2.fq.gz --seconds 60"});
  taken.arguments("INPUT", kStoredSequenceFiles, "the path of a file", /*are_needed=*/false);
  taken.run_with(Command::kEstimate, [&context](const std::vector<std::string>& arguments,
                                                const GivenOptions& options) {
    run_estimate(context, estimate_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
