#include "cli/commands/evaluate/evaluate_settings.h"

namespace virnucpro::cli {

EvaluateSettings evaluate_settings(const std::vector<std::string>& arguments,
                                   const GivenOptions& options) {
  EvaluateSettings settings;
  EvaluationRequest& request = settings.request;
  request.folder = arguments.front();
  options.store("labels", request.labels);
  options.store("threshold", request.rule.threshold);
  options.store("resamples", request.rule.resamples);
  options.store("seed", request.rule.seed);
  options.store("output-dir", settings.output);
  options.store("force", settings.force);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
