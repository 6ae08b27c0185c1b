// Shared by `predict`, `embed` and `train`: from settings to a finished run.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/commands/shared/run_settings.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "jobs/run.h"

namespace virnucpro::cli {

/// The inputs of commands that read addresses, too.
inline constexpr const char* kSequenceFilesAnywhere =
    "FASTA, FASTQ, SAM, BAM or CRAM files, plain or gzip; - is standard input; "
    "https://, s3:// and gs:// addresses are read as streams";

/// The parts in which the commands differ.
struct RunKind {
  bool with_classifier = true;
  bool takes_addresses = false;  ///< as inputs, beside files
  /// Refuses an output that is one of the inputs; may be empty.
  std::function<void(const InputGuard& inputs)> require_apart;
  /// Refuses an output that is in the way; may be empty.
  std::function<void()> require_free_output;
  std::function<RunSummary(const LoadedModels& models, const RunContext& run, std::stop_token stop)>
      run;
  /// Writes the last lines of the log.
  std::function<void(const RunSummary& summary, const Log& log)> log_summary;
};

/// Makes the cheap checks first (precision, device, output, inputs), then loads the models and
/// runs. Throws the typed errors of base/errors.h; Interrupted once context.stop is requested.
void run_command(Context& context, const RunKind& kind, const RunSettings& settings,
                 const std::vector<std::string>& inputs);

/// ", 3 failed"; empty where nothing has failed.
std::string failed_text(std::uint64_t count);

}  // namespace virnucpro::cli
