#include "report/evaluation_files.h"

#include <memory>
#include <vector>

#include "base/output_file.h"
#include "report/evaluation_charts.h"
#include "report/free_folder.h"

namespace virnucpro {
namespace {

struct Content {
  const char* name;
  std::string (*make)(const EvaluationReport& report);
};

/// The files, in the order in which they get their names.
constexpr Content kContents[] = {{kMetricsFile, metrics_table},
                                 {kCurvesFile, curves_table},
                                 {kCalibrationFile, calibration_table},
                                 {kRocFile, roc_svg},
                                 {kPrecisionRecallFile, precision_recall_svg},
                                 {kCalibrationChart, calibration_svg},
                                 {kEvaluationFile, evaluation_json}};

}  // namespace

std::vector<const char*> evaluation_file_names() {
  std::vector<const char*> names;
  for (const Content& content : kContents) names.push_back(content.name);
  return names;
}

void require_free_evaluation_folder(const std::string& folder, bool force) {
  require_free_folder(folder, "evaluation", evaluation_file_names(), force);
}

void publish_evaluation(const std::string& folder, const EvaluationReport& report) {
  make_result_folder(folder);
  std::vector<std::unique_ptr<OutputFile>> files;
  for (const Content& content : kContents) {
    files.push_back(std::make_unique<OutputFile>(folder + "/" + content.name));
    files.back()->write(content.make(report));
    files.back()->finish();
  }
  files.back()->withdraw();  // of an earlier evaluation: it must never vouch for tables of two
  for (const auto& file : files) file->publish();
}

}  // namespace virnucpro
