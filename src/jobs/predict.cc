#include "jobs/predict.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "base/check.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/known_file.h"
#include "base/memory.h"
#include "base/partial_file.h"
#include "base/peak_memory.h"
#include "base/stop.h"
#include "base/stopwatch.h"
#include "devices/batch_budget.h"
#include "jobs/embedding_sink.h"
#include "pipeline/model_engine.h"
#include "pipeline/model_plan.h"
#include "pipeline/stages.h"
#include "report/free_folder.h"
#include "report/unique_ids.h"
#include "results/repair.h"
#include "results/run_calibration.h"
#include "results/run_facts.h"
#include "results/run_journal.h"
#include "results/stored_input.h"
#include "results/stored_results.h"
#include "results/stored_rules.h"
#include "results/stored_sessions.h"
#include "sequence/reader.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

std::string description_of(const std::string& device, const std::vector<Backend*>& backends) {
  for (const Backend* backend : backends) {
    if (backend->name() == device) return backend->description();
  }
  return "";
}

/// The description of each kind of device, once.
std::string describe(const std::vector<Backend*>& backends) {
  std::vector<std::string> descriptions;
  for (const Backend* backend : backends) {
    std::string description = backend->description();
    if (std::ranges::find(descriptions, description) != descriptions.end()) continue;
    descriptions.push_back(std::move(description));
  }
  return fmt::format("{}", fmt::join(descriptions, "; "));
}

/// The work around the stages that both commands share.
class Run {
 public:
  Run(const RunRequest& request, ShardNumber shard, const LoadedModels& models,
      const RunContext& context, const std::stop_token& stop)
      : shard_(shard),
        models_(models),
        context_(context),
        reader_(request.inputs, context.log, stop) {
    check(!context.backends.empty(), "a run without a device");
    check(context.models.empty() || context.models.size() == context.backends.size(),
          "models for {} of {} backends", context.models.size(), context.backends.size());
    RunReport& report = summary_.report;
    report.program_version = context.program_version;
    report.command_line = context.command_line;
    report.started_at = utc_now();
    // Read once before the run, so that another input is refused before any work is done.
    std::vector<std::optional<KnownFile>> known = read_known_files(request.inputs, stop);
    report.inputs = describe_inputs(request.inputs, known);
    for (const std::optional<KnownFile>& file : known) {
      if (file) input_stamps_ += to_string(file->stamp) + "\n";
    }
    reader_.expect(std::move(known));
    report.shard = shard.number;
    report.shards = shard.of;
    report.bundle = models.bundle;
    report.bundle_version = models.bundle_version;
    report.parts = models.parts;
    report.calibration_sha256 = calibration_sha256(models.calibration);
    report.expected_length = models.expected_length;
    report.precision = name_of(context.precision.precision);
    report.packed = context.precision.packed;
    report.device = context.device;
    report.device_description = describe(context.backends);
    report.threads = context.threads;
    report.workers = context.backends.size();
    report.numa_nodes = context.numa_nodes;
    report.automatic_batch_tokens = request.batch_tokens == 0;
    report.batch_tokens =
        report.automatic_batch_tokens
            ? automatic_batch_tokens(context.backends, context.precision.precision,
                                     std::max(models.dnabert_s->width(), models.esm2->width()),
                                     available_memory())
            : static_cast<std::int64_t>(request.batch_tokens);
    report.warnings = context.precision.warnings;
    report.warnings.insert(report.warnings.end(), context.warnings.begin(), context.warnings.end());
  }

  /// Runs the stages and stores their counts.
  void run_stages(bool classify, TakeWindow take, Journal* journal, std::stop_token stop) {
    std::vector<std::unique_ptr<ModelEngine>> engines;
    StagePlan plan = plan_for(models_);
    // By models, because models prepared for one device serve no other.
    std::map<const LoadedModels*, std::unique_ptr<ExactModels>> exact;
    for (std::size_t i = 0; i < context_.backends.size(); ++i) {
      const LoadedModels& models = models_of(i);
      std::unique_ptr<ExactModels>& in_fp32 = exact[&models];
      if (in_fp32 == nullptr && context_.load_exact) {
        in_fp32 = std::make_unique<ExactModels>(context_.load_exact);
      }
      engines.push_back(std::make_unique<ModelEngine>(
          models.model_set(), *context_.backends[i], context_.precision.packed,
          in_fp32 == nullptr ? ModelEngine::Exact() : in_fp32->for_engines()));
      plan.engines.push_back(engines.back().get());
    }
    RunReport& report = summary_.report;
    plan.records = [&](Record& record) { return next(record); };
    plan.classify = classify;
    plan.packed = report.packed;
    plan.batch_tokens = report.batch_tokens;
    plan.time_sized = report.automatic_batch_tokens;
    plan.limits = context_.limits.value_or(limits_for(plan.batch_tokens));
    plan.take = std::move(take);
    plan.journal = journal;
    plan.progress = context_.progress;
    plan.log = context_.log;
    fill(virnucpro::run_stages(plan, std::move(stop)));
    require_unchanged_models();
    describe_read_inputs(reader_.files(), report.inputs);
  }

  /// Weights that are used in place change with their files.
  void require_unchanged_models() const {
    for (std::size_t i = 0; i < context_.backends.size(); ++i) models_of(i).require_unchanged();
  }

  /// Reads the whole input, which must be the one that the database holds.
  void compare_input(const RunDatabase& database, const std::stop_token& stop) {
    StoredInput stored(database, /*is_known=*/false);
    for (Record record; next(record);) {
      throw_if_stopped(stop);
      stored.compare(record);
    }
    stored.require_all();
  }

  void warn_of_repeated_ids(std::uint64_t count, std::string_view where) {
    if (count == 0) return;
    std::string warning = repeated_ids_text(count, where);
    context_.log.warning("{}", warning);
    summary_.report.warnings.push_back(std::move(warning));
  }

  /// Call when only the files' names remain to be given.
  void stop_clock() {
    summary_.report.seconds = watch_.seconds();
    summary_.report.peak_memory_bytes = peak_memory();
  }

  RunSummary& summary() { return summary_; }
  /// The stamps of the inputs that are files: another text once one was written to or replaced.
  const std::string& input_stamps() const { return input_stamps_; }

 private:
  const LoadedModels& models_of(std::size_t backend) const {
    return context_.models.empty() ? models_ : *context_.models.at(backend);
  }

  /// The next record of this shard.
  bool next(Record& record) {
    do {
      if (!reader_.next(record)) return false;
    } while (record.ordinal % shard_.of != shard_.number - 1);
    ++summary_.report.inputs.at(record.file).records;
    return true;
  }

  void fill(const StageReport& stages) {
    RunReport& report = summary_.report;
    report.intake = stages.intake;
    // Whichever process computed them.
    report.frames_embedded = stages.orfs_computed + stages.orfs_recalled;
    report.frames_repeated = stages.orfs_repeated;
    report.batches = stages.batches;
    report.faults = stages.faults;
    report.stage_seconds = {{"read", stages.read_seconds},
                            {"tokenize", stages.tokenize_seconds},
                            {"classify", stages.classify_seconds},
                            {"write", stages.write_seconds}};
    for (const DeviceWork& device : stages.devices) {
      report.devices.push_back({device.name,
                                description_of(device.name, context_.backends),
                                device.workers,
                                device.batches,
                                {},
                                device.busy_seconds});
    }
    for (const EncoderKind kind : kEncoderKinds) {
      const StageReport::Encoder& encoder = stages.encoders[kind];
      report.stage_seconds[key_of(kind)] = encoder.seconds;
      report.tokens[key_of(kind)] = encoder.tokens;
      report.packing_efficiency[key_of(kind)] = encoder.efficiency();
      for (std::size_t i = 0; i < stages.devices.size(); ++i) {
        report.devices[i].tokens[key_of(kind)] = stages.devices[i].tokens[kind];
      }
    }
  }

  const ShardNumber shard_;
  const LoadedModels& models_;
  const RunContext& context_;
  const Stopwatch watch_;
  SequenceReader reader_;
  RunSummary summary_;
  std::string input_stamps_;
};

/// True when all inputs have a hash; the database has compared these.
bool are_known(const std::vector<InputReport>& inputs) {
  return std::all_of(inputs.begin(), inputs.end(),
                     [](const InputReport& input) { return !input.sha256.empty(); });
}

/// Only reads rows, which proves them.
class ReadOnly final : public StoredRunVisitor {
 public:
  explicit ReadOnly(const std::stop_token& stop) : stop_(stop) {}
  void begin_record(const StoredRecord&) override { throw_if_stopped(stop_); }
  void chunk(const StoredChunk&, std::span<const StoredOrf>) override {}
  void end_record(Outcome, std::string_view) override {}

 private:
  const std::stop_token& stop_;
};

/// The name of the database's text about the files that the newest session reads.
constexpr const char* kInputStamps = "input stamps";

RunDatabase open_database(const PredictRequest& request, const RunReport& report, const Log& log,
                          const std::stop_token& stop) {
  if (request.force) {
    remove_set_aside(request.output);
  } else if (request.repair) {
    set_aside_if_damaged(request.output, facts_of(report, request.keep_embeddings), log, stop);
  } else {
    require_no_broken_repair(request.output);
  }
  if (request.resume && !RunDatabase::exists(request.output)) {
    log.warning("{}: no run to go on with; a new one begins", request.output);
  }
  RunDatabase database(
      request.output, facts_of(report, request.keep_embeddings),
      request.force ? RunDatabase::Existing::kStartOver : RunDatabase::Existing::kContinue);
  const StoredExtent extent = database.extent();
  if (database.is_complete()) {
    log.info("{}: everything is computed; the results are written again", database.path());
  } else if (!database.sessions().empty()) {
    // Damage is reported before hours are spent on the rest.
    ReadOnly nothing(stop);
    visit_run_so_far(database, nothing);
    log.info("{}: going on after {} records, {} chunks and {} frames", database.path(),
             extent.records, extent.chunks, extent.orfs);
  }
  return database;
}

/// Runs `action`; an error after which the same command can continue says so.
template <typename Action>
void with_advice(const RunDatabase& database, const Action& action) {
  const auto advice = [&](const char* what) {
    return fmt::format("{}. What is finished is kept in {}: run the same command again to go on",
                       what, database.path());
  };
  try {
    action();
  } catch (const Interrupted& error) {
    throw Interrupted(advice(error.what()));
  } catch (const DeviceError& error) {
    throw DeviceError(advice(error.what()));
  } catch (const ResourceError& error) {
    throw ResourceError(advice(error.what()));
  }
}

/// The folder of a run and its database. If it holds nothing at the end, for whatever reason, it is
/// removed: a folder without results is no reason to refuse the next command.
class RunFolder {
 public:
  RunFolder(const PredictRequest& request, const RunReport& report, const Log& log,
            const std::stop_token& stop)
      : made_(make_result_folder(request.output)) {
    try {
      database_.emplace(open_database(request, report, log, stop));
    } catch (...) {
      remove_empty_folders(made_);
      throw;
    }
  }
  ~RunFolder() {
    database_->discard_if_empty();
    database_.reset();
    remove_empty_folders(made_);
  }
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  RunDatabase& database() { return *database_; }

 private:
  std::vector<std::string> made_;
  std::optional<RunDatabase> database_;
};

/// Does all work between opening the database and completing it.
void compute(Run& run, RunDatabase& database, const PredictRequest& request,
             const LoadedModels& models, const std::stop_token& stop) {
  RunReport& report = run.summary().report;
  // Rows are compared with the input, but embeddings ahead of them are known by number alone. Those
  // of a killed process may be of another input that had the same name, so they are forgotten.
  if (database.text(kInputStamps).value_or("") != run.input_stamps()) database.undo_session();
  database.set_text(kInputStamps, run.input_stamps());
  database.begin_session({report.started_at, report.program_version,
                          fmt::format("{}: {}", report.device, report.device_description), 0.0, 0});
  store_calibration(database, models.calibration);
  database.commit();
  std::optional<KeptRows> kept;
  if (has_set_aside(request.output)) kept.emplace(request.output, database.work());
  RunJournal journal(database, {.layout = {{{static_cast<std::size_t>(models.dnabert_s->width()),
                                             static_cast<std::size_t>(models.esm2->width())}}},
                                .keep_embeddings = request.keep_embeddings,
                                .is_known_input = are_known(report.inputs),
                                .before_save = [&run] { run.require_unchanged_models(); },
                                .kept = kept ? &*kept : nullptr});
  try {
    with_advice(database, [&] {
      run.run_stages(
          true, [](const Window&) {}, &journal, stop);
    });
  } catch (const ChangedInput&) {
    database.undo_session();  // it stored rows of both inputs
    throw;
  }
  run.stop_clock();
  database.set_text(kRunFile, run_json(report));
  journal.finish();
}

void warn_of_failed_frames(const Ledger& ledger, const Log& log) {
  if (ledger.failed_frames == 0) return;
  log.warning("{} frames could not be computed and are left out", ledger.failed_frames);
}

}  // namespace

void require_free_prediction_folder(const std::string& folder, bool force) {
  require_no_file(folder, "results");
  // A run with a database can always make its results again, and replaces only its own.
  if (force || RunDatabase::exists(folder) || has_set_aside(folder)) {
    return;
  }
  const char* held = held_file(folder, kPredictionFiles);
  if (held == nullptr) return;
  throw ConfigError(
      fmt::format("{}: holds the results of an earlier run ({}) and no {} to go on with. Name "
                  "another folder with -o, or pass --force to replace them.",
                  folder, held, kDatabaseFile));
}

void require_free_embedding_file(const std::string& file, bool force) {
  if (file == "-") {
    throw ConfigError(
        "embed writes HDF5, which needs a file to seek in: '-' (standard output) cannot be used. "
        "Name a file, such as -o features.h5.");
  }
  std::error_code error;
  if (force || !fs::exists(file, error)) return;
  throw ConfigError(fmt::format(
      "{}: exists already. Name another file with -o, or pass --force to replace it.", file));
}

RunSummary run_predict(const PredictRequest& request, const LoadedModels& models,
                       const RunContext& context, std::stop_token stop) {
  require_free_prediction_folder(request.output, request.force);
  require_calibration(request.calls, models.calibration.has_value(), models.bundle);
  // The inputs are opened before the folder is made, so that a wrong path leaves no trace.
  Run run(request, request.shard, models, context, stop);
  RunReport& report = run.summary().report;
  RunFolder folder(request, report, context.log, stop);
  RunDatabase& database = folder.database();
  if (!database.is_complete()) {
    compute(run, database, request, models, stop);
  } else if (!are_known(report.inputs)) {
    run.compare_input(database, stop);
  }

  store_calls(database, request.calls);
  StoredResults results =
      publish_stored_results(database, request.output, own_choice(database), context.log, stop);
  remove_set_aside(request.output);
  report.intake = results.intake;
  report.ledger = results.ledger;
  report.calls = results.calls;
  report.sessions = std::move(results.sessions);
  report.faults = faults_of(report.sessions);
  run.summary().files = std::move(results.files);
  run.stop_clock();
  return std::move(run.summary());
}

RunSummary run_embed(const RunRequest& request, const LoadedModels& models,
                     const RunContext& context, std::stop_token stop) {
  require_free_embedding_file(request.output, request.force);
  Run run(request, ShardNumber(), models, context, stop);
  RunReport& report = run.summary().report;
  const EmbeddingOrigin origin = {report.program_version, report.bundle, report.precision,
                                  report.expected_length, report.parts};
  EmbeddingFile file(request.output, origin, models.dnabert_s->width(), models.esm2->width());
  EmbeddingSink sink(file);
  try {
    run.run_stages(
        false, [&](const Window& window) { sink.take(window); }, nullptr, std::move(stop));
  } catch (const Interrupted& error) {
    throw Interrupted(
        fmt::format("{}; no result was written. Run the same command again", error.what()));
  }
  warn_of_failed_frames(sink.ledger(), context.log);
  file.finish();
  report.ledger = sink.ledger();
  report.calls.repeated_ids = sink.repeated_ids();
  require_balanced(report.intake, report.ledger);
  run.warn_of_repeated_ids(report.calls.repeated_ids, "the dataset ids");
  run.stop_clock();
  file.publish();
  run.summary().files.push_back(request.output);
  return std::move(run.summary());
}

RunSummary run_embed_into(const RunRequest& request, const LoadedModels& models,
                          const RunContext& context, const std::function<void(const Window&)>& take,
                          std::stop_token stop) {
  Run run(request, ShardNumber(), models, context, stop);
  run.run_stages(false, take, nullptr, std::move(stop));
  run.stop_clock();
  return std::move(run.summary());
}

}  // namespace virnucpro
