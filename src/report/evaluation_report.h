// The results of `evaluate`, as text, tables and JSON.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/known_file.h"
#include "evaluation/evaluation.h"

namespace virnucpro {

/// One level: all fragments, or all contigs.
struct EvaluatedLevel {
  std::string name;
  Evaluation evaluation;
  std::uint64_t unscored_viruses = 0;  ///< no open frame, too short, or failed
  std::uint64_t unscored_others = 0;
  /// The items without a score are among the others, as the lowest; no chart has a line for it.
  bool counts_unscored = false;
};

struct EvaluationReport {
  std::string program_version;
  std::vector<std::string> command_line;
  std::string results;                                   ///< the folder of the run
  std::vector<std::pair<std::string, std::string>> run;  ///< names and values of what it computed
  std::string labels;
  FileContent labels_content;
  std::uint64_t unlabelled_records = 0;
  std::uint64_t unused_labels = 0;
  EvaluationRule rule;
  std::vector<EvaluatedLevel> levels;
};

/// A table for users: a row for each level, group and length with its main figures.
std::string evaluation_summary(const EvaluationReport& report);
/// Every metric of every part, a row each, with its interval; NA where it is not defined.
std::string metrics_table(const EvaluationReport& report);
/// Points of the ROC and precision-recall curves, some thousand for each level.
std::string curves_table(const EvaluationReport& report);
/// Mean score and share of viruses in each bin of scores.
std::string calibration_table(const EvaluationReport& report);
/// The whole report without the curves.
std::string evaluation_json(const EvaluationReport& report);

}  // namespace virnucpro
