#include "cli/commands/calibrate/calibrate_settings.h"

#include <array>

#include "base/errors.h"

namespace virnucpro::cli {

CalibrateSettings calibrate_settings(const std::vector<std::string>& arguments,
                                     const GivenOptions& options) {
  CalibrateSettings settings;
  CalibrateRequest& request = settings.request;
  request.folder = arguments.front();
  options.store("labels", request.labels);
  options.store("output-dir", request.bundle_folder);
  options.store("bundle", settings.bundle);
  options.store("method", request.method,
                std::array{CalibrationMethod::kPlatt, CalibrationMethod::kIsotonic});
  options.store("false-positives", request.false_positives);
  if (const std::string* names = options.find("except")) request.excepted = split_list(*names);
  if (!request.excepted.empty() && !request.false_positives) {
    throw ConfigError("--except names groups that --false-positives leaves out; give that, too.");
  }
  options.store("force", request.force);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
