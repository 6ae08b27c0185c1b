#include "report/fault_text.h"

#include <nlohmann/json.hpp>

#include "base/format.h"
#include "report/run_json_parts.h"
#include "run/damage.h"

namespace virnucpro {

nlohmann::ordered_json fault_json(const FaultReport& faults) {
  return {{"out_of_memory", faults.out_of_memory},
          {"nonfinite_batches", faults.nonfinite_batches},
          {"recomputed_frames", faults.recomputed_frames},
          {"failed_frames", faults.failed_frames},
          {"lost_devices", faults.lost_devices}};
}

std::string fault_text(const FaultReport& faults) {
  return fault_json(faults).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

FaultReport parse_fault_text(std::string_view text, const std::string& place) {
  try {
    const auto json = nlohmann::json::parse(text);
    FaultReport faults;
    json.at("out_of_memory").get_to(faults.out_of_memory);
    json.at("nonfinite_batches").get_to(faults.nonfinite_batches);
    json.at("recomputed_frames").get_to(faults.recomputed_frames);
    json.at("failed_frames").get_to(faults.failed_frames);
    json.at("lost_devices").get_to(faults.lost_devices);
    return faults;
  } catch (const nlohmann::json::exception& error) {
    fail_damaged(place, fmt::format("no text of a session's faults ({})", error.what()));
  }
}

}  // namespace virnucpro
