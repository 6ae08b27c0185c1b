// The files of `evaluate`: all of them whole, or none.
#pragma once

#include <string>
#include <vector>

#include "report/evaluation_report.h"

namespace virnucpro {

// The names inside the folder.
inline constexpr const char* kMetricsFile = "metrics.tsv";
inline constexpr const char* kCurvesFile = "curves.tsv";
inline constexpr const char* kCalibrationFile = "calibration.tsv";
inline constexpr const char* kRocFile = "roc.svg";
inline constexpr const char* kPrecisionRecallFile = "precision_recall.svg";
inline constexpr const char* kCalibrationChart = "calibration.svg";
inline constexpr const char* kEvaluationFile = "evaluation.json";

/// The names of all files.
std::vector<const char*> evaluation_file_names();

/// Throws ConfigError when `folder` is not a folder, or already holds the files and `force` is not
/// set.
void require_free_evaluation_folder(const std::string& folder, bool force);

/// Makes the folder and writes the files, evaluation.json last: where it is, the others are, too.
/// Throws OutputError; then no file gets its name.
void publish_evaluation(const std::string& folder, const EvaluationReport& report);

}  // namespace virnucpro
