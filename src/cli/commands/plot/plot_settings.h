// The settings of `plot`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "figures/plot.h"

namespace virnucpro::cli {

struct PlotSettings {
  PlotRequest request;
  CommonSettings common;
};

/// Made from the arguments and from all sources.
PlotSettings plot_settings(const std::vector<std::string>& arguments, const GivenOptions& options);

}  // namespace virnucpro::cli
