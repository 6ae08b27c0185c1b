// The calibration and the calls of a run, stored with it so that its results can be made again
// without a bundle.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>

#include "calls/calibration.h"
#include "calls/call_choice.h"
#include "calls/call_request.h"
#include "results/new_scores.h"
#include "run/run_database.h"

namespace virnucpro {

/// The hash that stands for a calibration in facts and in run.json; empty for none.
std::string calibration_sha256(const std::optional<Calibration>& calibration);

/// Stores it in the database, whose work names its hash.
void store_calibration(RunDatabase& database, const std::optional<Calibration>& calibration);
/// Absent where the run's models had none. InputError when it is not the one that the work names.
std::optional<Calibration> stored_calibration(const RunDatabase& database);

/// Stores how `predict` was asked to call; writes and commits only what is not stored yet.
void store_calls(RunDatabase& database, const CallRequest& calls);
CallRequest stored_calls(const RunDatabase& database);

/// ConfigError naming `place` when the user asks for something that needs a calibration.
void require_calibration(const CallRequest& calls, bool has_calibration, const std::string& place);

/// The log odds of all records with a scored chunk; `scores`, unless null, replace the stored ones.
/// Reads the run once, with so many threads. Throws InputError for a damaged database; Interrupted.
LogOddsHistogram record_log_odds(const RunDatabase& database, const Calibration& calibration,
                                 const NewScores* scores, const std::stop_token& stop = {},
                                 std::size_t threads = 1);

}  // namespace virnucpro
