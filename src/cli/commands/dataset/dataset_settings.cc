#include "cli/commands/dataset/dataset_settings.h"

#include "base/errors.h"
#include "base/format.h"
#include "cli/commands/shared/run_settings.h"

namespace virnucpro::cli {
namespace {

/// Throws when nothing would be left to train on.
void require_shares(const SplitShares& shares) {
  if (shares.validation + shares.test < 1.0) return;
  throw ConfigError(fmt::format(
      "--validation-share {} and --test-share {} leave nothing to train on; their sum must be "
      "below 1.",
      shares.validation, shares.test));
}

}  // namespace

DatasetSettings dataset_settings(const std::vector<std::string>& arguments,
                                 const GivenOptions& options) {
  DatasetSettings settings;
  DatasetRequest& request = settings.request;
  request.genomes = arguments;
  options.store("labels", request.labels);
  options.store("output-dir", request.output);
  options.store("expected-length", request.expected_length);
  request.frames.choice = frame_choice(options).value_or(FrameChoice::kOpen);
  request.frames.code = genetic_code(options);
  options.store("fragments", request.rule.fragments);
  options.store("validation-share", request.rule.shares.validation);
  options.store("test-share", request.rule.shares.test);
  require_shares(request.rule.shares);
  options.store("seed", request.rule.seed);
  options.store("force", settings.force);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
