// Parts of run.json that several files write; for report/*.cc only.
#pragma once

#include <nlohmann/json.hpp>
#include <span>

#include "report/run_report.h"
#include "run/fault_report.h"

namespace virnucpro {

nlohmann::ordered_json fault_json(const FaultReport& faults);
nlohmann::ordered_json sessions_json(std::span<const SessionReport> sessions);

}  // namespace virnucpro
