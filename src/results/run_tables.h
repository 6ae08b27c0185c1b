// The form of a run's tables, stored with it.
#pragma once

#include "report/table_choice.h"
#include "run/run_database.h"

namespace virnucpro {

/// Stores what `predict` was asked for; writes and commits only what is not stored yet.
void store_tables(RunDatabase& database, const TableChoice& choice);
/// The defaults where nothing is stored. InputError for a text that is none of ours.
TableChoice stored_tables(const RunDatabase& database);

}  // namespace virnucpro
