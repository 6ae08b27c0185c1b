// How far a run's database goes; for run/*.cc only.
#pragma once

#include <cstdint>
#include <optional>

#include "run/sqlite_handles.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// What is in the tables, so that nobody has to count rows.
struct RunState {
  StoredExtent extent;
  std::optional<std::uint64_t> last_record;  ///< its ordinal
  bool is_open = false;                      ///< the last record has not ended
  bool complete = false;
};

/// What the table `progress` says. InputError where the other tables end elsewhere.
RunState read_run_state(const SqliteConnection& connection);

}  // namespace virnucpro
