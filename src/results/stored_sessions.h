// The processes that worked on a stored run, and the faults of each.
#pragma once

#include <cstddef>
#include <vector>

#include "report/run_report.h"
#include "run/run_database.h"

namespace virnucpro {

/// Stores the faults of the session of this number, from 1, beside the rows; part of the
/// transaction.
void store_faults(RunDatabase& database, std::size_t session, const FaultReport& faults);

/// All sessions, the oldest first. Throws InputError for a database that is damaged.
std::vector<SessionReport> stored_sessions(const RunDatabase& database);

/// Adds the sessions of `from` to those of `to`.
void copy_sessions(const RunDatabase& from, RunDatabase& to);

/// The sum of their faults.
FaultReport faults_of(const std::vector<SessionReport>& sessions);

}  // namespace virnucpro
