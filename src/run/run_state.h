// How far a run's database goes, and the proof of all its tables but the rows; for run/*.cc only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/digest.h"
#include "run/sqlite_handles.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// The extent of the tables, kept so that rows need not be counted.
struct RunState {
  StoredExtent extent;
  std::optional<std::uint64_t> last_record;  ///< its ordinal
  std::optional<Digest> open_head;           ///< of the last record, where that has not ended
  bool complete = false;
  Digest total;  ///< the sum over all row groups but embeddings
};

/// Reads the table `progress`. InputError where the other tables end elsewhere, or where
/// `progress`, `sessions`, `texts`, `outcomes` or `work`, which are read here, have been changed.
RunState read_run_state(const SqliteConnection& connection, const std::vector<RunFact>& work);

/// Stores the state, with a digest of all tables that read_run_state() proves, as they are now.
void write_run_state(const SqliteConnection& connection, const std::vector<RunFact>& work,
                     const RunState& state);

}  // namespace virnucpro
