// The settings of `classify`.
#pragma once

#include <string>
#include <vector>

#include "base/environment.h"
#include "cli/commands/shared/run_settings.h"
#include "config/given_options.h"

namespace virnucpro::cli {

/// Where the published container keeps the models.
inline constexpr const char* kModelsVariable = "VIRNUCPRO_PATH";
inline constexpr const char* kModelsFolder = "/opt/VirNucPro";

struct ClassifySettings {
  std::string input;
  std::string output;  ///< the table of frames
  bool resume = false;
  std::string models = kModelsFolder;
  std::int64_t expected_length = 500;
  RunSettings run;                     ///< its models are found later
  std::vector<std::string> no_effect;  ///< flags that were given
};

/// Made from the arguments, all sources and the variable of the models.
ClassifySettings classify_settings(const std::vector<std::string>& arguments,
                                   const GivenOptions& options, const Environment& environment);

}  // namespace virnucpro::cli
