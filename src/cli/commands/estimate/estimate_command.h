// `virnucpro estimate`: what a run over these inputs will take.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace virnucpro {
struct RunEstimate;
}

namespace virnucpro::cli {

struct Context;
struct EstimateSettings;

/// Inputs that are read once to plan and once more to run.
inline constexpr const char* kStoredSequenceFiles =
    "FASTA, FASTQ, SAM, BAM or CRAM files, plain or gzip";

void add_estimate_command(CLI::App& app, Context& context);

/// What the devices of the estimate are, as `take` gets it.
struct EstimatedDevices {
  std::string name;
  std::size_t count = 1;
  std::size_t threads = 1;
};

/// Loads the models and estimates; `take` gets the result, before the program's last messages.
void estimate_with(
    Context& context, const EstimateSettings& settings,
    const std::function<void(const RunEstimate& estimate, const EstimatedDevices& devices)>& take);

}  // namespace virnucpro::cli
