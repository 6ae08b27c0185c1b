// The processes that worked on a stored run, and what went wrong in each of them.
#pragma once

#include <cstddef>
#include <vector>

#include "report/run_report.h"
#include "run/run_database.h"

namespace virnucpro {

/// Writes the faults of the session of this number, from 1, beside the rows; part of the
/// transaction.
void store_faults(RunDatabase& database, std::size_t session, const FaultReport& faults);

/// All sessions, the oldest first. Throws InputError for a database that is damaged.
std::vector<SessionReport> stored_sessions(const RunDatabase& database);

/// Adds the sessions of `from` to those of `to`.
void copy_sessions(const RunDatabase& from, RunDatabase& to);

/// Their faults together.
FaultReport faults_of(const std::vector<SessionReport>& sessions);

}  // namespace virnucpro
