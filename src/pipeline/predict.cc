#include "pipeline/predict.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>

#include "base/check.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/memory.h"
#include "pipeline/batch_budget.h"
#include "pipeline/model_engine.h"
#include "pipeline/result_sinks.h"
#include "pipeline/stages.h"
#include "sequence/reader.h"
#include "tokenizer/protein_alphabet.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kResultFiles[] = {kPredictionsFile,  kContigsFile,      kViralFile,
                                        kLegacyFramesFile, kLegacyChunksFile, kRunFile};

std::uint64_t peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;  // Linux counts in KiB
}

/// What both commands have in common around their stages.
class Run {
 public:
  Run(const RunSettings& settings, const LoadedModels& models, const RunContext& context)
      : models_(models),
        context_(context),
        start_(Clock::now()),
        reader_(settings.inputs, context.log) {
    check(!context.backends.empty(), "a run without a device");
    RunReport& report = summary_.report;
    report.program_version = context.program_version;
    report.command_line = context.command_line;
    report.started_at = utc_now();
    for (const std::string& path : settings.inputs) {
      std::error_code error;
      const bool is_file = fs::is_regular_file(path, error);
      report.inputs.push_back({path, std::nullopt, 0});
      if (is_file) report.inputs.back().bytes = fs::file_size(path);
    }
    report.bundle = models.bundle;
    report.bundle_version = models.bundle_version;
    report.parts = models.parts;
    report.expected_length = models.expected_length;
    report.precision = name_of(context.precision.precision);
    report.packed = context.precision.packed;
    report.device = context.device;
    report.device_description = context.backends.front()->description();
    report.threads = context.threads;
    report.workers = context.backends.size();
    report.numa_nodes = context.numa_nodes;
    report.automatic_batch_tokens = settings.batch_tokens == 0;
    report.batch_tokens =
        report.automatic_batch_tokens
            ? automatic_batch_tokens(available_memory(),
                                     std::max(models.dnabert_s->width(), models.esm2->width()),
                                     context.backends.size())
            : static_cast<std::int64_t>(settings.batch_tokens);
    report.warnings = context.precision.warnings;
  }

  /// Runs the stages and fills in what they counted.
  void run_stages(bool classify, TakeWindow take, std::stop_token stop) {
    std::vector<std::unique_ptr<ModelEngine>> engines;
    StagePlan plan;
    for (Backend* backend : context_.backends) {
      engines.push_back(
          std::make_unique<ModelEngine>(models_, *backend, context_.precision.packed));
      plan.engines.push_back(engines.back().get());
    }
    RunReport& report = summary_.report;
    plan.records = [&](Record& record) {
      if (!reader_.next(record)) return false;
      ++report.inputs.at(record.file).records;
      return true;
    };
    plan.expected_length = models_.expected_length;
    DnaTokenizer::Scratch scratch;
    plan.tokenize_dna = [&](std::string_view bases, std::vector<std::int32_t>& ids) {
      models_.tokenizer->encode(bases, scratch, ids);
    };
    plan.tokenize_protein = encode_protein;
    plan.dnabert_width = models_.dnabert_s->width();
    plan.esm2_width = models_.esm2->width();
    plan.classify = classify;
    plan.packed = report.packed;
    plan.batch_tokens = report.batch_tokens;
    plan.limits = context_.limits.value_or(limits_for(plan.batch_tokens));
    plan.take = std::move(take);
    plan.progress = context_.progress;
    fill(virnucpro::run_stages(plan, std::move(stop)));
  }

  void warn_of_repeated_ids(std::uint64_t count, std::string_view where) {
    if (count == 0) return;
    std::string warning =
        fmt::format("{} {} an id that an earlier record has; _1, _2 ... was added to theirs in {}",
                    count, count == 1 ? "record has" : "records have", where);
    context_.log.warning("{}", warning);
    summary_.report.warnings.push_back(std::move(warning));
  }

  /// Call when nothing is left to do but giving files their names.
  void stop_clock() {
    summary_.report.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    summary_.report.peak_memory_bytes = peak_memory();
  }

  RunSummary& summary() { return summary_; }

 private:
  void fill(const StageReport& stages) {
    RunReport& report = summary_.report;
    report.intake = stages.intake;
    report.frames_embedded = stages.orfs_computed;
    report.frames_repeated = stages.orfs_repeated;
    report.batches = stages.batches;
    report.stage_seconds = {
        {"read", stages.read_seconds},           {"tokenize", stages.tokenize_seconds},
        {"dnabert_s", stages.dnabert_s.seconds}, {"esm2", stages.esm2.seconds},
        {"classify", stages.classify_seconds},   {"write", stages.write_seconds}};
    report.tokens = {{"dnabert_s", stages.dnabert_s.tokens}, {"esm2", stages.esm2.tokens}};
    report.packing_efficiency = {{"dnabert_s", stages.dnabert_s.efficiency()},
                                 {"esm2", stages.esm2.efficiency()}};
  }

  const LoadedModels& models_;
  const RunContext& context_;
  const Clock::time_point start_;
  SequenceReader reader_;
  RunSummary summary_;
};

}  // namespace

void require_free_prediction_folder(const RunSettings& settings) {
  std::error_code error;
  if (fs::exists(settings.output, error) && !fs::is_directory(settings.output, error)) {
    throw ConfigError(fmt::format(
        "{}: expected a folder for the results, found a file. Name another one with -o.",
        settings.output));
  }
  if (settings.force) return;
  for (const char* name : kResultFiles) {
    const std::string path = settings.output + "/" + name;
    if (!fs::exists(path, error)) continue;
    throw ConfigError(
        fmt::format("{}: holds the results of an earlier run ({}). Name another folder with -o, or "
                    "pass --force to replace them.",
                    settings.output, name));
  }
}

void require_free_embedding_file(const RunSettings& settings) {
  if (settings.output == "-") {
    throw ConfigError(
        "embed writes HDF5, which needs a file to seek in: '-' (standard output) cannot be used. "
        "Name a file, such as -o features.h5.");
  }
  std::error_code error;
  if (settings.force || !fs::exists(settings.output, error)) return;
  throw ConfigError(
      fmt::format("{}: exists already. Name another file with -o, or pass --force to replace it.",
                  settings.output));
}

RunSummary run_predict(const RunSettings& settings, const LoadedModels& models,
                       const RunContext& context, std::stop_token stop) {
  require_free_prediction_folder(settings);
  // The inputs are opened before the folder is made: a wrong path leaves no trace.
  Run run(settings, models, context);
  PredictionTables tables(settings.output);
  PredictionSink sink(tables);
  run.run_stages(
      true, [&](const Window& window) { sink.take(window); }, std::move(stop));
  tables.finish();
  RunReport& report = run.summary().report;
  report.ledger = tables.ledger();
  report.calls = tables.calls();
  require_balanced(report.intake, report.ledger);
  run.warn_of_repeated_ids(report.calls.repeated_ids,
                           fmt::format("{} and {}", kLegacyFramesFile, kLegacyChunksFile));
  run.stop_clock();
  tables.publish(run_json(report));
  for (const char* name : kResultFiles) {
    run.summary().files.push_back(settings.output + "/" + name);
  }
  return std::move(run.summary());
}

RunSummary run_embed(const RunSettings& settings, const LoadedModels& models,
                     const RunContext& context, std::stop_token stop) {
  require_free_embedding_file(settings);
  Run run(settings, models, context);
  RunReport& report = run.summary().report;
  const EmbeddingOrigin origin = {report.program_version, report.bundle, report.precision,
                                  report.expected_length};
  EmbeddingFile file(settings.output, origin, models.dnabert_s->width(), models.esm2->width());
  EmbeddingSink sink(file);
  run.run_stages(
      false, [&](const Window& window) { sink.take(window); }, std::move(stop));
  file.finish();
  report.ledger = sink.ledger();
  report.calls.repeated_ids = sink.repeated_ids();
  require_balanced(report.intake, report.ledger);
  run.warn_of_repeated_ids(report.calls.repeated_ids, "the dataset ids");
  run.stop_clock();
  file.publish();
  run.summary().files.push_back(settings.output);
  return std::move(run.summary());
}

}  // namespace virnucpro
