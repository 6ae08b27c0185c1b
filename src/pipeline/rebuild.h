// Results made again from a complete run: by another threshold, by another classifier, or lost.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "pipeline/stored_results.h"
#include "report/run_report.h"
#include "weights/classifier_weights.h"

namespace virnucpro {

/// A classifier, and what run.json calls it.
struct NamedClassifier {
  ModelPart part;
  ClassifierWeights weights;
  std::optional<Calibration> calibration = {};  ///< that comes with it
  std::vector<UsedFile> files = {};             ///< that it is read from, with their hashes
};

struct RebuildRequest {
  std::string folder;               ///< of the run's database
  std::string output;               ///< of the results; empty: the same
  bool force = false;               ///< replace results in `output`; never another run
  std::optional<double> threshold;  ///< absent: that of the run
  CallRequest calls;                ///< nothing in it and no threshold: those of the run
  /// Opens another classifier than the run's for its expected length; may be empty.
  std::function<NamedClassifier(std::int64_t expected_length)> load_classifier;
};

/// Writes all result files of the run. Its database is only read. Throws InputError when the run is
/// not complete; ConfigError when `output` holds something else, or a classifier is given and the
/// run kept no embeddings, or calls need a calibration and there is none; ModelError for one that
/// does not fit; OutputError; Interrupted.
StoredResults rebuild_results(const RebuildRequest& request, const Log& log,
                              const std::stop_token& stop = {});

}  // namespace virnucpro
