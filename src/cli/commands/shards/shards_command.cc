#include "cli/commands/shards/shards_command.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/output_file.h"
#include "bench/estimate.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/estimate/estimate_command.h"
#include "cli/commands/estimate/estimate_settings.h"
#include "cli/commands/shards/batch_lines.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "jobs/plan_shards.h"
#include "sequence/input_file.h"

namespace virnucpro::cli {
namespace {

/// Reads the inputs once more, so that each shard reads only what is its own.
void write_plan(const EstimateSettings& settings, std::uint64_t shards, const Log& log,
                const std::stop_token& stop) {
  if (settings.output.empty()) return;
  OutputFile file(settings.output);  // first, so that an unwritable place is found at once
  file.write(shard_plan_json(make_shard_plan(settings.request.inputs, shards, log, stop)));
  file.commit();
  log.info("{}: where the records of {} lie", settings.output, counted(shards, "shard"));
}

BatchJob job_of(const EstimateSettings& settings) {
  BatchJob job;
  job.inputs = settings.request.inputs;
  job.options = settings.for_shards;
  if (!settings.output.empty()) {
    job.options.insert(job.options.end(), {"--shard-plan", settings.output});
  }
  return job;
}

void require_apart(const Context& context, const EstimateSettings& settings) {
  const InputGuard inputs = guard_of(context.environment, settings.request.inputs, settings.run);
  inputs.require_streams_apart();
  if (!settings.output.empty()) inputs.require_apart(settings.output, "-o");
  for (const std::string& input : settings.request.inputs) check_readable(input);
}

/// By the number that was given, without models.
void plan_number(Context& context, const EstimateSettings& settings) {
  const Log log = log_for(context, settings.run.common);
  log_origins(log, settings.run.common);
  write_plan(settings, settings.shards, log, context.stop);
  ShardPlan plan;
  plan.shards = settings.shards;
  BatchJob job = job_of(settings);
  job.on_gpus = settings.run.device.starts_with("cuda");
  job.threads = settings.run.threads > 0 ? settings.run.threads
                                         : std::max(1U, std::thread::hardware_concurrency());
  context.console.print(batch_lines(job, plan));
}

void plan(Context& context, const EstimateSettings& settings) {
  if (!settings.device_hours && settings.shards == 0) {
    throw ConfigError(
        "shards plan needs the device hours of a shard (--device-hours H) or their number "
        "(--shards N)");
  }
  require_apart(context, settings);
  if (!settings.device_hours) return plan_number(context, settings);
  estimate_with(
      context, settings, [&](const RunEstimate& estimate, const EstimatedDevices& devices) {
        const ShardPlan shards =
            plan_shards(estimate, *settings.device_hours, devices.count, settings.output.empty());
        write_plan(settings, shards.shards, log_for(context, settings.run.common), context.stop);
        BatchJob job = job_of(settings);
        job.on_gpus = devices.name != "cpu";
        job.devices = devices.count;
        job.threads = devices.threads;
        job.memory_bytes = estimate.memory_bytes.high;
        context.console.print(fmt::format(
            "# {} of {:.0f} seconds each, {:.3f} device hours in all; the scripts are "
            "in workflows/slurm\n{}",
            counted(shards.shards, "shard"), shards.shard_seconds,
            shards.shard_seconds * static_cast<double>(shards.shards * devices.count) / 3600.0,
            batch_lines(job, shards)));
      });
}

}  // namespace

void add_shards_command(CLI::App& app, Context& context) {
  CLI::App& shards = add_group(app, "shards", "Split a run over the jobs of a scheduler",
                               {"virnucpro shards plan reads.fq.gz --device-hours 2"});
  CommandOptions taken(
      shards, context, "plan",
      "Propose a number of shards by a measured rate, say where their records lie, and print the "
      "lines that submit them to Slurm",
      {"virnucpro shards plan reads.fq.gz --device-hours 2",
       "virnucpro shards plan reads.fq.gz --shards 100 -o plan.json",
       "virnucpro shards plan contigs.fa --device-hours 4 --bundle published/ --device cuda:0"});
  taken.arguments("INPUT", kStoredSequenceFiles, "the path of a file", /*are_needed=*/false);
  taken.run_with(Command::kShardsPlan, [&context](const std::vector<std::string>& arguments,
                                                  const GivenOptions& options) {
    plan(context, estimate_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
