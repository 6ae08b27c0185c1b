// A damaged run, of which the sound part is kept: predict --repair.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "run/kept_rows.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// Reads all that the run in `folder` has stored and puts its database aside if anything of it is
/// damaged, so that the next one can be made from what is proven (KeptRows). ConfigError for a run
/// of other work, Interrupted.
void set_aside_if_damaged(const std::string& folder, const std::vector<RunFact>& work,
                          const Log& log, const std::stop_token& stop);

/// ConfigError while a repair that was broken off is waiting to be gone on with.
void require_no_broken_repair(const std::string& folder);

}  // namespace virnucpro
