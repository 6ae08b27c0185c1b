// The faults of a session as text: the JSON object that run.json has of them.
#pragma once

#include <string>
#include <string_view>

#include "run/fault_report.h"

namespace virnucpro {

/// The JSON object of run.json, on one line.
std::string fault_text(const FaultReport& faults);

/// Throws InputError, naming `place`, when the text is not one of fault_text().
FaultReport parse_fault_text(std::string_view text, const std::string& place);

}  // namespace virnucpro
