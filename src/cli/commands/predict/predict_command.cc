#include "cli/commands/predict/predict_command.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/predict/predict_settings.h"
#include "cli/commands/shared/no_effect.h"
#include "cli/commands/shared/result_log.h"
#include "cli/commands/shared/run_command.h"
#include "cli/commands/shared/write_options.h"
#include "cli/context.h"
#include "cli/terminal/progress.h"
#include "jobs/plan_shards.h"
#include "jobs/sample_sheet.h"

namespace virnucpro::cli {
namespace {

/// How far the calls can be trusted, or how to get more of them.
std::string trust_text(const PredictRequest& request, const RunReport& report) {
  const std::uint64_t viral = report.calls.viral_records;
  if (report.intake.records == 0) return "the input holds no records";
  const std::optional<PrevalenceEstimate>& prevalence = report.calls.prevalence;
  if (!prevalence) {
    return viral == 0 ? "no record is called viral; contigs.tsv has the scores of all"
                      : "these models have no calibration, so that nobody knows how many of the "
                        "calls are wrong: 'virnucpro calibrate --help'";
  }
  if (viral == 0 && report.calls.viral_regions.value_or(0) > 0) {
    return fmt::format(
        "no record is called viral as a whole, but {} of records: regions.bed has where, as of a "
        "provirus",
        *report.calls.viral_regions == 1 ? "a part" : "parts");
  }
  if (viral == 0) {
    return fmt::format(
        "no record is called viral; 'virnucpro report {} --relaxed -o more' calls those that are "
        "likelier than one in four",
        request.output);
  }
  if (prevalence->is_vague()) {
    return fmt::format(
        "how many of the {} called viral are wrong is not known: records that say so little leave "
        "open whether {}",
        counted(viral, "record"), text_of_range(*prevalence));
  }
  return fmt::format(
      "of the {} called viral about {:.1f} are expected to be wrong, if {:.3g} of all records are "
      "viruses, as their scores suggest",
      counted(viral, "record"), report.calls.expected_wrong_records, prevalence->share);
}

/// What was read, what was found and how far that can be trusted, a line each; then where to look.
void log_summary(const PredictRequest& request, const RunSummary& summary, const Log& log) {
  const RunReport& report = summary.report;
  const OutcomeCounts& chunks = report.ledger.chunks;
  const auto seconds = std::chrono::seconds(static_cast<std::int64_t>(report.seconds));
  if (report.frames.choice != FrameChoice::kOpen) {
    log.info("by runs, without an open frame: {}, {} of the scored chunks",
             counted(report.ledger.run_records, "record"), report.ledger.run_chunks);
  }
  log.info("{}, {} ({} scored, {} without open frame, {} too short{}), {} ({} repeated{}) in {}",
           counted(report.intake.records, "record"), counted(report.intake.chunks, "chunk"),
           chunks[Outcome::kScored], chunks[Outcome::kNoOrf], chunks[Outcome::kTooShort],
           failed_text(chunks[Outcome::kFailed]), counted(report.ledger.frames, "frame"),
           report.frames_repeated, failed_text(report.ledger.failed_frames),
           short_duration(seconds));
  const std::optional<std::uint64_t>& regions = report.calls.viral_regions;
  log.info("viral: {} of {}, {} of {}{}", report.calls.viral_records,
           counted(report.intake.records, "record"), report.calls.viral_chunks,
           counted(chunks[Outcome::kScored], "scored chunk"),
           regions ? ", " + counted(*regions, "region") : "");
  log.info("{}", trust_text(request, report));
  log_where(request.output, log);
}

/// All samples with models that are loaded once. One that cannot be read does not stop the others.
RunSummary predict_each(const std::vector<Sample>& samples,
                        const std::vector<PredictRequest>& requests,
                        const std::optional<WriteRequest>& write, const LoadedModels& models,
                        const RunContext& run, const std::stop_token& stop) {
  RunSummary last;
  std::vector<std::string> failed;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    run.log.info("sample {} ({} of {})", samples[i].name, i + 1, samples.size());
    try {
      last = run_predict(requests[i], models, run, stop);
      if (write) write_records(requests[i].output, *write, run.log, stop, run.work);
      log_summary(requests[i], last, run.log);
    } catch (const InputError& error) {
      run.log.warning("sample {}: {}", samples[i].name, error.what());
      failed.push_back(samples[i].name);
    }
  }
  if (failed.empty()) return last;
  throw InputError(
      fmt::format("{} of {} could not be computed, the first is {}; the others have their results. "
                  "Mend or leave "
                  "out these samples and run the same command again: what is finished is kept",
                  failed.size(), counted(samples.size(), "sample"), failed.front()));
}

void predict_samples(Context& context, const PredictSettings& settings) {
  const std::vector<Sample> samples = read_sample_sheet(settings.sample_sheet, context.stop);
  const std::string& folder = settings.request.output;
  std::vector<PredictRequest> requests;
  std::vector<std::string> files;
  for (const Sample& sample : samples) {
    PredictRequest& request = requests.emplace_back(settings.request);
    request.inputs = sample.files;
    request.output = folder + "/" + sample.name;
    if (settings.write) require_can_write(*settings.write, request.inputs);
    files.insert(files.end(), sample.files.begin(), sample.files.end());
  }
  const auto require_all_apart = [&](const InputGuard& inputs) {
    inputs.require_apart(folder, kAllFiles);
    for (const PredictRequest& request : requests) {
      inputs.require_apart(request.output, prediction_names(/*with_database=*/true));
      require_written_apart(inputs, settings.write, request.inputs, request.output);
    }
  };
  InputGuard sheet;
  sheet.add("--sample-sheet", settings.sample_sheet);
  require_all_apart(sheet);
  RunKind kind;
  kind.takes_addresses = true;
  kind.require_apart = require_all_apart;
  kind.require_free_output = [&] {
    for (const PredictRequest& request : requests) {
      require_free_prediction_folder(request.output, request.force);
    }
  };
  kind.run = [&](const LoadedModels& models, const RunContext& run, std::stop_token stop) {
    RunSummary last = predict_each(samples, requests, settings.write, models, run, stop);
    write_all_samples(samples, folder, stop);
    return last;
  };
  kind.log_summary = [&](const RunSummary&, const Log& log) {
    log.info("{} in {}: {} has the records of all, {} their tiers",
             counted(samples.size(), "sample"), folder, kAllContigsFile, kAllTiersFile);
  };
  run_command(context, kind, settings.run, files);
}

/// The plan of the shard; null where none was given.
std::shared_ptr<const ShardPlanFile> plan_of(const PredictSettings& settings) {
  if (settings.shard_plan.empty()) return nullptr;
  const PredictRequest& request = settings.request;
  ShardPlanFile plan = read_shard_plan(settings.shard_plan, request.inputs, request.shard.number);
  if (plan.shards != request.shard.of) {
    throw ConfigError(fmt::format("{}: is a plan of {}, and --shard says {}/{}",
                                  settings.shard_plan, counted(plan.shards, "shard"),
                                  request.shard.number, request.shard.of));
  }
  return std::make_shared<const ShardPlanFile>(std::move(plan));
}

void predict(Context& context, const PredictSettings& settings) {
  PredictRequest request = settings.request;
  if (settings.write && settings.sample_sheet.empty()) {
    require_can_write(*settings.write, request.inputs);
  }
  log_no_effect(log_for(context, settings.run.common), settings.no_effect);
  if (!settings.sample_sheet.empty()) return predict_samples(context, settings);
  request.plan = plan_of(settings);
  InputGuard plan;
  plan.add("--shard-plan", settings.shard_plan);
  RunKind kind;
  kind.takes_addresses = true;
  kind.require_apart = [&](const InputGuard& inputs) {
    plan.require_apart(request.output, prediction_names(/*with_database=*/true));
    inputs.require_apart(request.output, prediction_names(/*with_database=*/true));
    require_written_apart(inputs, settings.write, request.inputs, request.output);
  };
  kind.require_free_output = [&] { require_free_prediction_folder(request.output, request.force); };
  kind.run = [&](const LoadedModels& models, const RunContext& run, std::stop_token stop) {
    RunSummary summary = run_predict(request, models, run, stop);
    if (settings.write) {
      write_records(request.output, *settings.write, run.log, stop, run.work);
    }
    return summary;
  };
  kind.log_summary = [&](const RunSummary& summary, const Log& log) {
    log_summary(request, summary, log);
  };
  run_command(context, kind, settings.run, request.inputs);
}

}  // namespace

void add_predict_command(CLI::App& app, Context& context) {
  CommandOptions taken(app, context, "predict", "Find viral sequences in reads and contigs",
                       {"virnucpro predict contigs.fa -o results",
                        "virnucpro predict reads_1.fq.gz reads_2.fq.gz --expected-length 300",
                        "samtools view -b -f 4 run.bam | virnucpro predict - -o unmapped",
                        "virnucpro predict contigs.fa --bundle published/ --threads 16"});
  taken.arguments("INPUT", kSequenceFilesAnywhere, "the path of a file", /*are_needed=*/false);
  taken.run_with(Command::kPredict, [&context](const std::vector<std::string>& arguments,
                                               const GivenOptions& options) {
    predict(context, predict_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
