// --legacy-format, --format, the thresholds of the tiers, and what is written of regions.
#pragma once

#include "config/given_options.h"
#include "report/table_choice.h"

namespace virnucpro::cli {

/// Changes what was given, and leaves the rest.
void store_table_options(const GivenOptions& options, TableChoice& choice);

}  // namespace virnucpro::cli
