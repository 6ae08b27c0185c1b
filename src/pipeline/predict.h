// Whole runs: from validated settings and loaded models to result files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "config/settings.h"
#include "pipeline/exact_models.h"
#include "pipeline/load_models.h"
#include "pipeline/progress.h"
#include "pipeline/window.h"
#include "report/run_report.h"

namespace virnucpro {

/// What a run is told beside its settings.
struct RunContext {
  std::string program_version;
  std::vector<std::string> command_line;
  PrecisionChoice precision;
  std::string device;  ///< names of the devices (device_names.h)
  /// One worker each; used by no one else until the run ends. At least one.
  std::vector<Backend*> backends;
  /// Of each backend: the models that were prepared for its device. Empty: those of the run serve
  /// all.
  std::vector<const LoadedModels*> models;
  std::size_t threads = 1;            ///< of all backends together
  std::size_t numa_nodes = 1;         ///< that they may use
  std::vector<std::string> warnings;  ///< that were logged already
  Log log;
  ProgressSink* progress = nullptr;  ///< may be null
  /// Loads the same models in FP32, for sequences that are not finite; may be empty.
  ExactModels::Load load_exact;
  /// Absent: limits_for() the batches. Tests turn them down.
  std::optional<WindowLimits> limits;
};

/// What a run did: the content of run.json, and the files it wrote.
struct RunSummary {
  RunReport report;
  std::vector<std::string> files;
};

/// Throws ConfigError when the output holds results already that no database of a run vouches for
/// and settings.force is not set, or cannot be what the command writes. Call before loading models;
/// the runs check again.
void require_free_prediction_folder(const RunSettings& settings);
void require_free_embedding_file(const RunSettings& settings);

/// Goes on with the run that the database in the folder settings.output holds, or begins one.
/// Results appear there together, or not at all. Memory is bounded for any input. Throws the typed
/// errors of base/errors.h; Interrupted on a stop request. What was finished is then in the
/// database, and the same call goes on.
RunSummary run_predict(const RunSettings& settings, const LoadedModels& models,
                       const RunContext& context, std::stop_token stop = {});

/// The same for the HDF5 file settings.output; the models need no classifier.
RunSummary run_embed(const RunSettings& settings, const LoadedModels& models,
                     const RunContext& context, std::stop_token stop = {});

/// The same without a file: hands each window with its embeddings to `take`, in input order.
RunSummary run_embed_into(const RunSettings& settings, const LoadedModels& models,
                          const RunContext& context, const std::function<void(const Window&)>& take,
                          std::stop_token stop = {});

}  // namespace virnucpro
