// Reads a whole stored run in input order and checks that its rows fit together; for run/*.cc only.
#pragma once

#include "run/run_database.h"
#include "run/sqlite_handles.h"

namespace virnucpro {

/// Three tables are read side by side, each once and as it lies; memory does not grow with them.
/// InputError at the first row that does not fit, or when there are fewer or more rows than
/// `extent`.
void walk_stored_run(const SqliteConnection& connection, const StoredExtent& extent,
                     StoredRunVisitor& visitor);

}  // namespace virnucpro
