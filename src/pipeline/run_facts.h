// What a run is made of: its inputs as they are now, and all that decides on its results.
#pragma once

#include <vector>

#include "config/settings.h"
#include "pipeline/load_models.h"
#include "report/run_report.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// Path, size and SHA-256 of each input; files that can be read only once have neither of the two.
/// Reads all of them. Throws InputError naming a file that cannot be read.
std::vector<InputReport> describe_inputs(const std::vector<std::string>& paths);

/// Two runs with equal facts give equal results. `report` is filled but for what the stages count.
std::vector<RunFact> facts_of(const RunSettings& settings, const RunReport& report);

}  // namespace virnucpro
