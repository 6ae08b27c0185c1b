// How a classifier was fitted: as a table, as JSON, and for the card of its bundle.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/known_file.h"
#include "report/run_report.h"
#include "training/trainer.h"

namespace virnucpro {

/// Its names inside the folder of the bundle.
inline constexpr const char* kTrainingTable = "training.tsv";
inline constexpr const char* kTrainingFile = "training.json";

/// What one side of the split holds.
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

/// No time and no place: equal trainings have equal reports.
struct TrainingReport {
  std::string program_version;
  std::string base;  ///< name of the bundle whose encoders these are
  std::string base_version;
  std::int64_t expected_length = 0;
  std::vector<InputReport> inputs;
  std::string labels;
  FileContent labels_content;
  std::string frames;          ///< table of the frames that count; empty: all do
  FileContent frames_content;  ///< of nothing likewise
  std::uint64_t unlabelled_records = 0;
  std::uint64_t unused_labels = 0;
  std::uint64_t failed_frames = 0;  ///< labelled, and without a finite embedding
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

/// The card's "training_data" and "metrics": what the base's card says under "base", and the new
/// classifier under "classifier_<length>". Both are JSON texts of objects.
std::string card_training_data(const TrainingReport& report, const std::string& of_base);
std::string card_metrics(const TrainingReport& report, const std::string& of_base);

}  // namespace virnucpro
