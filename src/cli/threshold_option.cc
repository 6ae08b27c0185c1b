#include "cli/threshold_option.h"

#include <CLI/CLI.hpp>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro::cli {

CLI::Option* add_threshold_option(CLI::App& command, double& threshold) {
  return command
      .add_option("--threshold", threshold,
                  "Call viral from this P(virus) on, above 0 and below 1 [0.5]")
      ->type_name("T");
}

void require_threshold(double threshold) {
  if (threshold > 0.0 && threshold < 1.0) return;
  throw ConfigError(fmt::format(
      "--threshold: {} cannot be used; it takes a number above 0 and below 1, such as 0.9",
      threshold));
}

}  // namespace virnucpro::cli
