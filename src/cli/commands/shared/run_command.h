// What `predict`, `embed` and `train` have in common: from the command line to a finished run.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "cli/command_line/command_line.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "pipeline/predict.h"

namespace virnucpro::cli {

/// The parts in which the commands differ.
struct RunKind {
  Command command;
  bool with_classifier;
  /// Refuses an output that is one of the inputs.
  std::function<void(const RunSettings& settings, const InputGuard& inputs)> require_apart;
  /// Refuses an output that is in the way.
  std::function<void(const RunSettings& settings)> require_free_output;
  std::function<RunSummary(const RunSettings& settings, const LoadedModels& models,
                           const RunContext& context, std::stop_token stop)>
      run;
  /// The last lines of the log.
  std::function<void(const RunSettings& settings, const RunSummary& summary, const Log& log)>
      log_summary;
};

/// Checks what is cheap first (settings, precision, device, output, inputs), then loads the models
/// and runs. Throws the typed errors of base/errors.h; Interrupted once context.stop is requested.
void run_command(Context& context, const RunKind& kind, const SettingsArguments& arguments);

/// ", 3 failed"; empty where nothing has failed.
std::string failed_text(std::uint64_t count);

}  // namespace virnucpro::cli
