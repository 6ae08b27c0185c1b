// Keeps the sound part of a damaged run: predict --repair.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "run/kept_rows.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// Reads all that the run in `folder` has stored. If anything is damaged, it puts the database
/// aside, so that the next one can be made from what is proven (KeptRows). ConfigError for a run of
/// other work, Interrupted.
void set_aside_if_damaged(const std::string& folder, const std::vector<RunFact>& work,
                          const Log& log, const std::stop_token& stop);

/// Puts the database aside and logs it, for damage that was met later, in writing.
void set_aside_damaged(const std::string& folder, const Log& log);

/// ConfigError while an interrupted repair waits to be continued.
void require_no_broken_repair(const std::string& folder);

}  // namespace virnucpro
