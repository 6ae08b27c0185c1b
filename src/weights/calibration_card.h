// The calibration of a classifier, as JSON: in bundle.json, and in the database of a run.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "calls/calibration.h"
#include "weights/json_reader.h"

namespace virnucpro {

/// ModelError naming origin and key for a missing, unknown or impossible value, or falling curve.
Calibration parse_calibration(const JsonObject& json);
nlohmann::ordered_json calibration_json(const Calibration& calibration);

/// The same as text; equal calibrations have equal texts.
Calibration parse_calibration_text(std::string_view text, const std::string& origin);
std::string calibration_text(const Calibration& calibration);

}  // namespace virnucpro
