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

/// What a run needs beside its settings.
struct RunContext {
  std::string program_version;
  std::vector<std::string> command_line;
  PrecisionChoice precision;
  std::string device;  ///< names of the devices (device_names.h)
  /// One worker each; nothing else uses them until the run ends. At least one.
  std::vector<Backend*> backends;
  /// For each backend, the models prepared for its device. Empty: the models of the run serve all
  /// backends.
  std::vector<const LoadedModels*> models;
  std::size_t threads = 1;            ///< of all backends together
  std::size_t numa_nodes = 1;         ///< nodes that they may use
  std::vector<std::string> warnings;  ///< warnings that were logged already
  Log log;
  ProgressSink* progress = nullptr;  ///< may be null
  /// Loads the same models in FP32, for sequences whose values are not finite; may be empty.
  ExactModels::Load load_exact;
  /// Absent: limits_for() the batches. Tests use small ones.
  std::optional<WindowLimits> limits;
};

/// What a run did: the content of run.json, and the files it wrote.
struct RunSummary {
  RunReport report;
  std::vector<std::string> files;
};

/// Throws ConfigError when the output already holds results that belong to no database of a run and
/// settings.force is not set, or when the command cannot write them. Call before loading models;
/// the runs check again.
void require_free_prediction_folder(const RunSettings& settings);
void require_free_embedding_file(const RunSettings& settings);

/// Continues the run whose database is in the folder settings.output, or begins one. Results appear
/// there together, or not at all. Memory is bounded for any input. Throws the typed errors of
/// base/errors.h; Interrupted on a stop request. Finished work is then in the database, and the
/// same call continues it.
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
