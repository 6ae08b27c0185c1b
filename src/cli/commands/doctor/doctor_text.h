// What `doctor` found, as a page for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "bench/speed_estimate.h"
#include "cli/commands/doctor/doctor_settings.h"
#include "studies/diagnosis.h"

namespace virnucpro::cli {

struct DoctorReport {
  std::vector<Diagnosis> findings;
  std::vector<SettingInForce> settings;
  std::vector<SpeedEstimate> speeds;

  bool has_failure() const;
};

/// Lines by section; failures and warnings have a line with their mend. Pure.
std::string doctor_page(const DoctorReport& report);
/// One object, with a line end. Pure.
std::string doctor_json(const DoctorReport& report);

}  // namespace virnucpro::cli
