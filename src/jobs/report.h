// Makes the results of a complete run again: with another threshold or classifier, or lost ones.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/work_progress.h"
#include "report/run_report.h"
#include "results/stored_results.h"
#include "weights/classifier_weights.h"

namespace virnucpro {

/// A classifier, and its name in run.json.
struct NamedClassifier {
  ModelPart part;
  ClassifierWeights weights;
  std::optional<Calibration> calibration = {};  ///< its own
  std::vector<UsedFile> files = {};             ///< that it was read from, with hashes
};

struct RebuildRequest {
  std::string folder;               ///< of the run's database
  std::string output;               ///< of the results; empty: the same
  bool force = false;               ///< replace results in `output`; never another run
  bool page_only = false;           ///< write report.html and no other file
  std::optional<double> threshold;  ///< absent: the run's own
  CallRequest calls;                ///< empty, and no threshold: the run's own
  /// Changes the form of tables that the run has; may be empty.
  std::function<void(TableChoice& own)> change_tables;
  /// Opens a classifier other than the run's, for its expected length; may be empty.
  std::function<NamedClassifier(std::int64_t expected_length)> load_classifier;
};

/// Writes all result files of the run, whose database is only read. Throws InputError when the run
/// is not complete; ConfigError when `output` holds something else, when a classifier is given and
/// the run kept no embeddings, or when calls need a calibration and there is none; ModelError for a
/// classifier that does not fit; OutputError; Interrupted.
StoredResults rebuild_results(const RebuildRequest& request, const Log& log,
                              const std::stop_token& stop = {}, const WorkProgress& progress = {});

}  // namespace virnucpro
