// Turns the database of a complete run into all of its result files.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/work_progress.h"
#include "calls/calibration.h"
#include "calls/call_request.h"
#include "report/derived_report.h"
#include "report/prediction_tables.h"
#include "report/run_report.h"
#include "results/new_scores.h"
#include "run/ledger.h"
#include "run/run_database.h"

namespace virnucpro {

/// The name of the database's text that says in which precision was computed and how exact that is
/// known to be, for report.html; absent in databases of older programs.
inline constexpr const char* kPrecisionText = "precision";

/// The choices in which results may differ from those that the run itself writes.
struct ResultChoice {
  CallRule rule;
  const NewScores* scores = nullptr;  ///< instead of those stored
  std::optional<Calibration> calibration;
  CallRequest calls;    ///< nothing that needs a calibration where there is none
  DerivedFrom derived;  ///< what run.json says of it
  TableChoice tables;
  bool page_only = false;  ///< write report.html and no other file
};

/// The calibration, the calls and the form of tables stored with the run.
ResultChoice own_choice(const RunDatabase& database);

/// The totals of the results, and their files.
struct StoredResults {
  Intake intake;
  Ledger ledger;
  CallCounts calls;
  std::vector<SessionReport> sessions;
  std::vector<std::string> files;
};

/// Throws InputError unless the database has the whole run; `command` names the command that needs
/// it.
void require_complete_run(const RunDatabase& database, const char* command);

/// Writes all result files of the database to `folder`, or report.html alone, together or not at
/// all. The database is only read. Results do not depend on `threads`, of which up to four read,
/// check and write at the same time. Throws InputError for a database that is damaged, OutputError,
/// Interrupted.
StoredResults publish_stored_results(const RunDatabase& database, const std::string& folder,
                                     const ResultChoice& choice, const Log& log,
                                     const std::stop_token& stop = {},
                                     const WorkProgress& progress = {}, std::size_t threads = 1);
/// The same with own_choice(), and the results are stored in the database, too, for its views.
StoredResults publish_own_results(RunDatabase& database, const std::string& folder, const Log& log,
                                  const std::stop_token& stop = {},
                                  const WorkProgress& progress = {}, std::size_t threads = 1);

}  // namespace virnucpro
