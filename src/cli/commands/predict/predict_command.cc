#include "cli/commands/predict/predict_command.h"

#include <chrono>
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
#include "cli/commands/shared/run_command.h"
#include "cli/commands/shared/write_options.h"
#include "cli/context.h"
#include "cli/terminal/progress.h"
#include "jobs/sample_sheet.h"

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
      if (write) write_records(requests[i].output, *write, run.log, stop);
      log_summary(requests[i], last, run.log);
    } catch (const InputError& error) {
      run.log.warning("sample {}: {}", samples[i].name, error.what());
      failed.push_back(samples[i].name);
    }
  }
  if (failed.empty()) return last;
  throw InputError(fmt::format(
      "{} of {} samples could not be computed, the first is {}; the others have their results. "
      "Mend "
      "or leave out these samples and run the same command again: what is finished is kept",
      failed.size(), samples.size(), failed.front()));
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

void predict(Context& context, const PredictSettings& settings) {
  const PredictRequest& request = settings.request;
  if (settings.write && settings.sample_sheet.empty()) {
    require_can_write(*settings.write, request.inputs);
  }
  log_no_effect(log_for(context, settings.run.common), settings.no_effect);
  if (!settings.sample_sheet.empty()) return predict_samples(context, settings);
  RunKind kind;
  kind.require_apart = [&](const InputGuard& inputs) {
    inputs.require_apart(request.output, prediction_names(/*with_database=*/true));
    require_written_apart(inputs, settings.write, request.inputs, request.output);
  };
  kind.require_free_output = [&] { require_free_prediction_folder(request.output, request.force); };
  kind.run = [&](const LoadedModels& models, const RunContext& run, std::stop_token stop) {
    RunSummary summary = run_predict(request, models, run, stop);
    if (settings.write) write_records(request.output, *settings.write, run.log, stop);
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
  taken.arguments("INPUT", kSequenceFiles, "the path of a file", /*are_needed=*/false);
  taken.run_with(Command::kPredict, [&context](const std::vector<std::string>& arguments,
                                               const GivenOptions& options) {
    predict(context, predict_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
