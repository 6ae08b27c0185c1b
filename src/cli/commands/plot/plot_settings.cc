#include "cli/commands/plot/plot_settings.h"

namespace virnucpro::cli {

PlotSettings plot_settings(const std::vector<std::string>& arguments, const GivenOptions& options) {
  PlotSettings settings;
  PlotRequest& request = settings.request;
  request.folder = arguments.front();
  options.store("output", request.output);
  options.store("figure", request.figure, kFigureKinds);
  options.store("record", request.records);
  options.store("value", request.value, kTrackValues);
  options.store("width", request.width);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
