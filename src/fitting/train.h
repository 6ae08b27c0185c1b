// Makes a bundle with a classifier of its own from labelled frames.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/work_progress.h"
#include "evaluation/label_table.h"
#include "fitting/frame_collector.h"
#include "report/training_report.h"
#include "weights/bundle.h"

namespace virnucpro {

struct TrainRequest {
  std::string program_version;
  std::vector<InputReport> inputs;  ///< as they were read
  std::string labels;               ///< path of the table
  std::string frames;               ///< path of the table of frames that count; empty: all do
  FileContent frames_content;       ///< of that table
  std::string output;               ///< folder of the bundle
  std::string name;                 ///< of the bundle; empty: the base's name and "-trained"
  bool force = false;
  TrainingSettings settings;          ///< except `hidden`
  std::optional<std::size_t> hidden;  ///< absent: as in the base's classifier
  double validation_share = 0.2;
  std::size_t threads = 0;  ///< 0: every processor
};

/// Splits, fits and writes the bundle, with training.tsv and training.json beside its parts. Equal
/// frames and requests give equal bytes, whatever `threads` is. Throws InputError when training or
/// validation would have only one class; ConfigError, OutputError, Interrupted.
TrainingReport train_bundle(const TrainRequest& request, const Bundle& base,
                            const LabelTable& table, const LabelledFrames& labelled, const Log& log,
                            const std::stop_token& stop = {}, const WorkProgress& progress = {});

}  // namespace virnucpro
