// Settings shared by the commands that run models: which models, their arithmetic, and the devices.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "devices/load_models.h"
#include "models/precision_policy.h"
#include "sequence/frames.h"

namespace virnucpro::cli {

struct RunSettings {
  ModelRequest models;
  PrecisionRequest precision;
  /// "auto" or names that the registry of devices knows.
  std::string device = "auto";
  std::size_t threads = 0;       ///< 0: every processor that this process may use
  std::size_t batch_tokens = 0;  ///< 0: chosen by the program
  CommonSettings common;
};

/// "cuda:0,1" for the text of --gpus, the published tool's way to name GPUs.
std::string named_gpus(const std::string& numbers);

/// The settings of `predict`, `embed`, `precision` or `train`.
RunSettings run_settings(const GivenOptions& options);

/// --genetic-code of any command that has it.
GeneticCode genetic_code(const GivenOptions& options);
/// --frames, where it says what is read; absent where no source gives it.
std::optional<FrameChoice> frame_choice(const GivenOptions& options);

}  // namespace virnucpro::cli
