// Turns a run's database into its result files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "base/work_progress.h"
#include "report/prediction_tables.h"
#include "results/new_scores.h"
#include "run/run_database.h"

namespace virnucpro {

/// Writes every stored record to the tables, which may then be finished; `scores`, unless null,
/// replace the stored ones. Returns the number of bases. Memory is bounded except for the longest
/// record. Throws InputError for a damaged database, OutputError, and Interrupted on a stop
/// request.
std::uint64_t write_stored_tables(const RunDatabase& database, PredictionTables& tables,
                                  const std::stop_token& stop = {},
                                  const NewScores* scores = nullptr,
                                  const WorkProgress& progress = {}, std::size_t threads = 1);

}  // namespace virnucpro
