#include "results/stored_results.h"

#include <functional>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "report/unique_ids.h"
#include "results/run_calibration.h"
#include "results/run_facts.h"
#include "results/run_results.h"
#include "results/run_tables.h"
#include "results/stored_sessions.h"
#include "results/stored_tables.h"

namespace virnucpro {
namespace {

std::vector<std::string> warnings_of(const StoredResults& results) {
  std::vector<std::string> warnings;
  if (const std::uint64_t count = results.calls.repeated_ids; count > 0) {
    warnings.push_back(repeated_ids_text(
        count, fmt::format("{}, {} and {}", kTiersFile, kLegacyFramesFile, kLegacyChunksFile)));
  }
  if (const std::uint64_t failed = results.ledger.chunks[Outcome::kFailed]; failed > 0) {
    warnings.push_back(
        fmt::format("{} of {} could not be computed; contigs.tsv has the reasons (status failed)",
                    failed, counted(results.ledger.chunks.total(), "chunk")));
  }
  return warnings;
}

CalibratedRule rule_for(const RunDatabase& database, const ResultChoice& choice,
                        const std::stop_token& stop, std::size_t threads) {
  const std::optional<BundleCalls>& named = choice.calibration->calls;
  const BundleCalls* const of_bundle = named ? &*named : nullptr;
  if (!choice.calls.needs_estimate() && !choice.calls.fdr) {
    return choose_rule(choice.calls, {}, of_bundle);
  }
  return choose_rule(choice.calls,
                     record_log_odds(database, *choice.calibration, choice.scores, stop, threads),
                     of_bundle);
}

void log_calls(const CalledBy& called, const Log& log) {
  const std::string prevalence = fmt::format("prevalence {:.4g}{}", called.rule.prevalence,
                                             called.rule.estimate ? " (estimated)" : "");
  if (called.rule.estimate && called.rule.estimate->is_vague()) {
    log.warning(
        "the prevalence is a guess: records that say so little leave open whether {}; give "
        "--prevalence a number",
        text_of_range(*called.rule.estimate));
  }
  if (!called.rule.threshold) return log.info("p_calibrated at {}", prevalence);
  log.info(
      "calls by p_calibrated{}: {}, threshold {:.6g}, {} called, {:.1f} false "
      "discoveries expected",
      called.rule.is_bundles ? ", the rule of the bundle" : "", prevalence,
      called.rule.least_probability(), counted(called.called, "record"),
      called.expected_false_discoveries);
}

}  // namespace

ResultChoice own_choice(const RunDatabase& database) {
  ResultChoice choice;
  choice.calibration = stored_calibration(database);
  choice.calls = stored_calls(database);
  choice.tables = stored_tables(database);
  require_calibration(choice.calls, choice.calibration.has_value(), database.path());
  return choice;
}

void require_complete_run(const RunDatabase& database, const char* command) {
  if (database.is_complete()) return;
  const StoredExtent extent = database.extent();
  throw InputError(
      fmt::format("{}: the run is not finished: {}, {} and {} so far. Run the same "
                  "'virnucpro predict' again to go on with it, then {}.",
                  database.path(), counted(extent.records, "record"),
                  counted(extent.chunks, "chunk"), counted(extent.orfs, "frame"), command));
}

namespace {

/// `sink`, unless null, is told of all calls; `when_proven` is called once all rows are proven and
/// before a file has its name.
StoredResults publish(const RunDatabase& database, const std::string& folder,
                      const ResultChoice& choice, const Log& log, const std::stop_token& stop,
                      CallSink* sink, const std::function<void()>& when_proven,
                      const WorkProgress& progress, std::size_t threads) {
  StoredResults results;
  CalibratedCalls calibrated;
  if (choice.calibration) {
    calibrated.calibration = &*choice.calibration;
    calibrated.rule = rule_for(database, choice, stop, threads);
  }
  const bool with_runs =
      frame_rule_of(database.work(), database.path()).choice != FrameChoice::kOpen;
  PredictionTables tables(folder, choice.rule, calibrated, SortedLines::kDefaultMemory,
                          choice.tables, with_runs, database.extent().records,
                          choice.page_only ? WrittenFiles::kPageOnly : WrittenFiles::kAll);
  if (sink != nullptr) tables.tell(*sink);
  const StoredExtent extent = database.extent();
  results.intake = {extent.records, 0, extent.chunks, extent.orfs};
  results.intake.bases =
      write_stored_tables(database, tables, stop, choice.scores, progress, threads);
  tables.finish();
  results.ledger = tables.ledger();
  results.calls = tables.calls();
  require_balanced(results.intake, results.ledger);
  when_proven();

  RunReport report;
  report.intake = results.intake;
  report.ledger = results.ledger;
  report.calls = results.calls;
  results.sessions = stored_sessions(database);
  report.sessions = results.sessions;
  report.faults = faults_of(results.sessions);
  report.warnings = warnings_of(results);
  for (const std::string& warning : report.warnings) log.warning("{}", warning);
  const std::string computed = database.text(kRunFile).value_or("");
  const std::string text = with_results(computed, database.path(), report);
  std::string derived = with_derivation(text, database.path(), choice.derived);
  if (choice.calls.any() || calibrated.rule.is_bundles) {
    const CalledBy called = {choice.calls, calibrated.rule, results.calls.viral_records,
                             results.calls.expected_false_records};
    log_calls(called, log);
    derived = with_calls(derived, database.path(), called);
  }
  const std::string precision = database.text(kPrecisionText).value_or("");
  tables.publish(derived, precision);
  if (choice.page_only) {
    results.files.push_back(folder + "/" + kPageFile);
    return results;
  }
  for (const char* name : kPredictionFiles) results.files.push_back(folder + "/" + name);
  return results;
}

/// What the results in a database depend on, besides its rows.
std::string choices_of(const ResultChoice& choice) {
  return fmt::format("calls: {}; tables: {}", text_of(choice.calls), text_of(choice.tables));
}

}  // namespace

StoredResults publish_stored_results(const RunDatabase& database, const std::string& folder,
                                     const ResultChoice& choice, const Log& log,
                                     const std::stop_token& stop, const WorkProgress& progress,
                                     std::size_t threads) {
  return publish(
      database, folder, choice, log, stop, nullptr, [] {}, progress, threads);
}

StoredResults publish_own_results(RunDatabase& database, const std::string& folder, const Log& log,
                                  const std::stop_token& stop, const WorkProgress& progress,
                                  std::size_t threads) {
  const ResultChoice choice = own_choice(database);
  const std::string choices = choices_of(choice);
  // Rows that are there already are not written again: nothing is risked, and no time.
  if (!needs_results(database, choices)) {
    return publish_stored_results(database, folder, choice, log, stop, progress, threads);
  }
  RunResults stored(database, threads);
  const auto note = [&] {
    stored.finish();
    note_results(database, choices);
    database.commit();
  };
  return publish(database, folder, choice, log, stop, &stored, note, progress, threads);
}

}  // namespace virnucpro
