#include "report/evaluation_files.h"

#include <filesystem>
#include <memory>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "base/output_file.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

struct Content {
  const char* name;
  std::string (*make)(const EvaluationReport& report);
};

/// In the order in which they get their names.
constexpr Content kContents[] = {{kMetricsFile, metrics_table},
                                 {kCurvesFile, curves_table},
                                 {kCalibrationFile, calibration_table},
                                 {kRocFile, roc_svg},
                                 {kPrecisionRecallFile, precision_recall_svg},
                                 {kCalibrationChart, calibration_svg},
                                 {kEvaluationFile, evaluation_json}};

}  // namespace

void require_free_evaluation_folder(const std::string& folder, bool force) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
    throw ConfigError(fmt::format(
        "{}: expected a folder for the evaluation, found a file. Name another one with -o.",
        folder));
  }
  if (force) return;
  for (const Content& content : kContents) {
    if (!fs::exists(folder + "/" + content.name, error)) continue;
    throw ConfigError(
        fmt::format("{}: holds an earlier evaluation ({}). Name another folder with -o, or pass "
                    "--force to replace it.",
                    folder, content.name));
  }
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
