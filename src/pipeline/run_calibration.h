// The calibration of a run and how its records are called by it: stored with the run, so that its
// results can be made again without a bundle.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "calls/calibration.h"
#include "calls/call_choice.h"
#include "calls/call_request.h"
#include "pipeline/new_scores.h"
#include "run/run_database.h"

namespace virnucpro {

/// What a fact of the run and run.json say of a calibration; empty for none.
std::string calibration_sha256(const std::optional<Calibration>& calibration);

/// Keeps it in the database, whose work names its hash.
void store_calibration(RunDatabase& database, const std::optional<Calibration>& calibration);
/// Nothing where the run's models had none. InputError when it is not the one that the work names.
std::optional<Calibration> stored_calibration(const RunDatabase& database);

/// How `predict` was asked to call. Writes and commits where that is not what is stored already.
void store_calls(RunDatabase& database, const CallRequest& calls);
CallRequest stored_calls(const RunDatabase& database);

/// ConfigError naming `place` when something is asked for that needs a calibration.
void require_calibration(const CallRequest& calls, bool has_calibration, const std::string& place);

/// Of all records with a scored chunk; with `scores` in the place of those stored. Reads the run
/// once. Throws InputError for a damaged database; Interrupted.
LogOddsHistogram record_log_odds(const RunDatabase& database, const Calibration& calibration,
                                 const NewScores* scores, const std::stop_token& stop = {});

}  // namespace virnucpro
