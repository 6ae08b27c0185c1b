#include "jobs/predict.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/partial_file.h"
#include "base/stop.h"
#include "devices/precision_line.h"
#include "report/free_folder.h"
#include "results/repair.h"
#include "results/run_calibration.h"
#include "results/run_facts.h"
#include "results/run_journal.h"
#include "results/run_tables.h"
#include "results/stored_results.h"
#include "results/stored_rules.h"
#include "results/stored_sessions.h"
#include "run/damage.h"

namespace virnucpro {
namespace {

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

/// What decides about the results; a shard of a plan is of that plan alone.
std::vector<RunFact> work_of(const PredictRequest& request, const RunReport& report) {
  std::vector<RunFact> facts = facts_of(report, request.keep_embeddings);
  if (request.plan) facts.push_back({kShardPlanFact, request.plan->sha256});
  return facts;
}

RunDatabase open_database(const PredictRequest& request, const RunReport& report, const Log& log,
                          const std::stop_token& stop) {
  if (request.force) {
    remove_set_aside(request.output);
  } else if (request.repair) {
    set_aside_if_damaged(request.output, work_of(request, report), log, stop);
  } else {
    require_no_broken_repair(request.output);
  }
  if (request.resume && !RunDatabase::exists(request.output)) {
    log.warning("{}: no run to go on with; a new one begins", request.output);
  }
  RunDatabase database(
      request.output, work_of(request, report),
      request.force ? RunDatabase::Existing::kStartOver : RunDatabase::Existing::kContinue);
  const StoredExtent extent = database.extent();
  if (database.is_complete()) {
    log.info("{}: everything is computed; the results are written again", database.path());
  } else if (!database.sessions().empty()) {
    // Damage is reported before hours are spent on the rest.
    ReadOnly nothing(stop);
    visit_run_so_far(database, nothing);
    log.info("{}: going on after {}, {} and {}", database.path(), counted(extent.records, "record"),
             counted(extent.chunks, "chunk"), counted(extent.orfs, "frame"));
  }
  return database;
}

/// Runs `action`; an error after which the same command can continue says so.
template <typename Action>
void with_advice(const RunDatabase& database, const Action& action) {
  const auto advice = [&](const char* what) {
    if (database.holds_nothing()) {
      return fmt::format("{}. Nothing was finished: run the same command again", what);
    }
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
             const LoadedModels& models, const RunContext& context, const std::stop_token& stop) {
  RunReport& report = run.summary().report;
  // Rows are compared with the input, but embeddings ahead of them are known by number alone. Those
  // of a killed process may be of another input that had the same name, so they are forgotten.
  if (database.text(kInputStamps).value_or("") != run.input_stamps()) database.undo_session();
  database.set_text(kInputStamps, run.input_stamps());
  database.begin_session({report.started_at, report.program_version,
                          fmt::format("{}: {}", report.device, report.device_description), 0.0, 0});
  store_calibration(database, models.calibration);
  database.set_text(kPrecisionText, precision_line(context.precision, models.accuracy,
                                                   context.backends.front()->description()));
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

/// One attempt at a run, on the database that is in the folder.
RunSummary predict_once(const PredictRequest& request, const LoadedModels& models,
                        const RunContext& context, const std::stop_token& stop) {
  // The inputs are opened before the folder is made, so that a wrong path leaves no trace.
  Run run(request, request.shard, models, context, stop, request.plan);
  RunReport& report = run.summary().report;
  RunFolder folder(request, report, context.log, stop);
  RunDatabase& database = folder.database();
  if (!database.is_complete()) {
    compute(run, database, request, models, context, stop);
  } else if (!are_known(report.inputs)) {
    run.compare_input(database, stop);
  }

  store_calls(database, request.calls);
  store_tables(database, request.tables);
  StoredResults results = publish_own_results(database, request.output, context.log, stop,
                                              context.work, context.threads);
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

bool can_be_read_again(const std::string& input) {
  std::error_code error;
  return std::filesystem::is_regular_file(input, error);
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

RunSummary run_predict(const PredictRequest& request, const LoadedModels& models,
                       const RunContext& context, std::stop_token stop) {
  require_free_prediction_folder(request.output, request.force);
  require_calibration(request.calls, models.calibration.has_value(), models.bundle);
  try {
    return predict_once(request, models, context, stop);
  } catch (const DamagedDatabase& damage) {
    // Reading all of it meets no damage in pages that only writing uses.
    if (!request.repair || has_set_aside(request.output)) throw;
    context.log.warning("{}", damage.what());
    set_aside_damaged(request.output, context.log);
    if (!std::ranges::all_of(request.inputs, can_be_read_again)) {
      throw InputError(
          fmt::format("{}: is set aside now. Run the same command again", request.output));
    }
  }
  return predict_once(request, models, context, stop);
}

}  // namespace virnucpro
