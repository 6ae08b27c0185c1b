// The settings of `report`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "calls/call_request.h"
#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "jobs/write_records.h"
#include "report/table_choice.h"

namespace virnucpro::cli {

struct ReportSettings {
  std::string folder;               ///< of the run
  std::string output;               ///< folder of the results; empty: that of the run
  std::optional<double> threshold;  ///< absent: that of the run
  CallRequest calls;
  std::function<void(TableChoice& own)> change_tables;
  std::optional<WriteRequest> write;
  std::string classifier;  ///< file or bundle; empty: the run's own
  bool html = false;       ///< report.html and no other file
  bool force = false;
  CommonSettings common;
};

/// Made from the arguments and from all sources.
ReportSettings report_settings(const std::vector<std::string>& arguments,
                               const GivenOptions& options);

}  // namespace virnucpro::cli
