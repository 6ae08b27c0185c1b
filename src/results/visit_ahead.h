// A visit of a stored run on a thread of its own, ahead of the visitor that it is for.
#pragma once

#include <functional>
#include <string>

#include "run/run_database.h"

namespace virnucpro {

/// Visits a run. `pass` hands on what was visited since its last call; it may wait for the one who
/// takes that, so it is called often, and never where that one might wait for the caller.
using PassingVisit =
    std::function<void(StoredRunVisitor& visitor, const std::function<void()>& pass)>;

/// Runs `visit` on a new thread with a visitor that copies rows, and tells `visitor` of them here,
/// in their order, some batches later; `told` is called after each batch and may be empty. Memory
/// is that of some thousand rows and of the longest records. Errors are those of a visit without a
/// thread: that of the first row that has one. Damage that `visitor` finds is named by its record
/// in the database at `path`. Where the system refuses a thread, `visit` runs here.
void visit_ahead(const PassingVisit& visit, StoredRunVisitor& visitor, const std::string& path,
                 const std::function<void()>& told = {});

}  // namespace virnucpro
