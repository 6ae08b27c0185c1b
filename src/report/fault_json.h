// The faults of a run as they stand in run.json; for report/*.cc only.
#pragma once

#include <nlohmann/json.hpp>

#include "report/fault_report.h"

namespace virnucpro {

nlohmann::ordered_json fault_json(const FaultReport& faults);

}  // namespace virnucpro
