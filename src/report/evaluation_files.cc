#include "report/evaluation_files.h"

#include <filesystem>

#include "base/errors.h"
#include "base/format.h"
#include "base/output_file.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

}  // namespace

void require_free_evaluation_folder(const std::string& folder, bool force) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
    throw ConfigError(fmt::format(
        "{}: expected a folder for the evaluation, found a file. Name another one with -o.",
        folder));
  }
  if (force) return;
  for (const char* name : {kMetricsFile, kCurvesFile, kCalibrationFile, kEvaluationFile}) {
    if (!fs::exists(folder + "/" + name, error)) continue;
    throw ConfigError(
        fmt::format("{}: holds an earlier evaluation ({}). Name another folder with -o, or pass "
                    "--force to replace it.",
                    folder, name));
  }
}

void publish_evaluation(const std::string& folder, const EvaluationReport& report) {
  make_result_folder(folder);
  OutputFile metrics(folder + "/" + kMetricsFile);
  OutputFile curves(folder + "/" + kCurvesFile);
  OutputFile calibration(folder + "/" + kCalibrationFile);
  OutputFile json(folder + "/" + kEvaluationFile);
  metrics.write(metrics_table(report));
  curves.write(curves_table(report));
  calibration.write(calibration_table(report));
  json.write(evaluation_json(report));
  for (OutputFile* file : {&metrics, &curves, &calibration, &json}) file->finish();
  json.withdraw();  // of an earlier evaluation: it must never vouch for tables of two
  for (OutputFile* file : {&metrics, &curves, &calibration, &json}) file->publish();
}

}  // namespace virnucpro
