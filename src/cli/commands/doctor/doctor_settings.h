// The settings of `doctor`.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/environment.h"
#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"

namespace virnucpro::cli {

/// A setting that `predict` would have, and where it comes from.
struct SettingInForce {
  std::string name;
  std::string value;  ///< "-": it has none
  std::string place;  ///< "default", "VIRNUCPRO_THREADS", "FILE: line 3: threads", "--threads"
};

struct DoctorSettings {
  bool json = false;
  bool no_speed = false;
  std::string bundle;  ///< that a run would take
  std::string device = "auto";
  std::size_t threads = 0;
  std::string output;  ///< folder of the results of a run
  std::vector<SettingInForce> in_force;
  /// Why `predict` would refuse its settings; empty: it takes them.
  std::string refused;
  CommonSettings common;
};

/// Made from all sources. What `predict` would say of its settings is noted, not thrown.
DoctorSettings doctor_settings(const GivenOptions& options, const Environment& environment);

}  // namespace virnucpro::cli
