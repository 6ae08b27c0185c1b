// How a classifier was fitted: as a table, as JSON, and for its bundle's card.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/known_file.h"
#include "report/run_report.h"
#include "training/trainer.h"

namespace virnucpro {

/// The report's files in the folder of the bundle.
inline constexpr const char* kTrainingTable = "training.tsv";
inline constexpr const char* kTrainingFile = "training.json";

/// The content of one side of the split.
struct SplitPart {
  std::uint64_t frames = 0;
  std::uint64_t viruses = 0;  ///< frames
  std::uint32_t sources = 0;
};

/// Frames of one group.
struct GroupPart {
  std::string name;
  std::uint64_t training = 0;
  std::uint64_t validation = 0;
};

/// It holds no time and no path: equal trainings have equal reports.
struct TrainingReport {
  std::string program_version;
  std::string base;  ///< name of the bundle that gave the encoders
  std::string base_version;
  std::int64_t expected_length = 0;
  std::vector<InputReport> inputs;
  std::string labels;
  FileContent labels_content;
  std::string frames;          ///< table of the frames that count; empty: all do
  FileContent frames_content;  ///< unset where `frames` is empty
  std::uint64_t unlabelled_records = 0;
  std::uint64_t unused_labels = 0;
  std::uint64_t failed_frames = 0;  ///< labelled, but without a finite embedding
  TrainingSettings settings;
  double validation_share = 0.0;
  SplitPart training;
  SplitPart validation;
  std::vector<GroupPart> groups;  ///< that have frames
  std::vector<EpochMetrics> epochs;
  std::size_t best_epoch = 0;
};

/// A row for each epoch; NA where nothing was held out.
std::string training_table(const TrainingReport& report);
std::string training_json(const TrainingReport& report);

/// The card's "training_data" and "metrics": under "base" what the base's card says, and under
/// "classifier_<length>" the new classifier. Both are JSON texts of objects.
std::string card_training_data(const TrainingReport& report, const std::string& of_base);
std::string card_metrics(const TrainingReport& report, const std::string& of_base);

}  // namespace virnucpro
