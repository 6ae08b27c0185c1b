#include "figures/plot.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/output_file.h"
#include "base/path_kind.h"
#include "figures/plotted_evaluation.h"
#include "figures/plotted_results.h"
#include "plot/figure.h"
#include "report/evaluation_files.h"
#include "report/prediction_tables.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

bool holds(const std::string& folder, const char* name) {
  std::error_code error;
  return fs::exists(fs::path(folder) / name, error);
}

bool is_of_evaluation(FigureKind kind) {
  return kind != FigureKind::kTrack && kind != FigureKind::kScores;
}

EvaluationChart chart_of(FigureKind kind) {
  return kind == FigureKind::kRoc               ? EvaluationChart::kRoc
         : kind == FigureKind::kPrecisionRecall ? EvaluationChart::kPrecisionRecall
                                                : EvaluationChart::kCalibration;
}

/// The figure that is asked for, or that suits the folder. Where run.json or evaluation.json is,
/// the tables of the same results are, too.
FigureKind kind_of(const PlotRequest& request) {
  if (const std::string problem = no_folder(request.folder, "the folder of results");
      !problem.empty()) {
    throw InputError(problem);
  }
  const bool has_results = holds(request.folder, kRunFile);
  const bool has_evaluation = holds(request.folder, kEvaluationFile);
  if (!request.figure) {
    if (has_results) return FigureKind::kTrack;
    if (has_evaluation) return FigureKind::kRoc;
    throw InputError(
        fmt::format("{}: holds no finished results ({} of predict, report or merge, {} of "
                    "evaluate).",
                    request.folder, kRunFile, kEvaluationFile));
  }
  if (!(is_of_evaluation(*request.figure) ? has_evaluation : has_results)) {
    throw InputError(
        is_of_evaluation(*request.figure)
            ? fmt::format("{}: has no {}; --figure {} takes the folder of 'virnucpro evaluate -o'.",
                          request.folder, kEvaluationFile, name_of(*request.figure))
            : fmt::format("{}: has no {}; --figure {} takes the folder of 'virnucpro predict', "
                          "'report' or 'merge'.",
                          request.folder, kRunFile, name_of(*request.figure)));
  }
  return *request.figure;
}

void require_fitting_options(const PlotRequest& request, FigureKind kind) {
  if (kind == FigureKind::kTrack) return;
  for (const char* option :
       {request.records.empty() ? nullptr : "--record", request.value ? "--value" : nullptr}) {
    if (option == nullptr) continue;
    throw ConfigError(
        fmt::format("{} is for tracks, and this figure is {}.", option, name_of(kind)));
  }
}

Figure figure_of(const PlotRequest& request, FigureKind kind, const Log& log,
                 const std::stop_token& stop) {
  const double usual = is_of_evaluation(kind) ? kSquareWidth : kPageWidth;
  const double width = request.width.value_or(usual) * kPointsPerMillimetre;
  if (kind == FigureKind::kTrack) return track_figure(read_track(request, log, stop), width);
  if (kind == FigureKind::kScores) {
    return score_histogram(read_score_counts(request.folder, stop), width);
  }
  return unit_chart(read_evaluation_chart(chart_of(kind), request.folder, stop), width);
}

}  // namespace

std::string_view name_of(FigureKind kind) {
  switch (kind) {
    case FigureKind::kTrack:
      return "track";
    case FigureKind::kScores:
      return "scores";
    case FigureKind::kRoc:
    case FigureKind::kPrecisionRecall:
    case FigureKind::kCalibration:
      return name_of(chart_of(kind));
  }
  return "";
}

std::string_view name_of(TrackValue value) {
  switch (value) {
    case TrackValue::kScore:
      return "score";
    case TrackValue::kCalibrated:
      return "calibrated";
  }
  return "";
}

std::vector<std::string> plotted_tables(const std::string& folder) {
  std::vector<std::string> paths;
  for (const char* name :
       {kPredictionsFile, kContigsFile, kRunFile, kMetricsFile, kCurvesFile, kCalibrationFile}) {
    paths.push_back((fs::path(folder) / name).string());
  }
  return paths;
}

void plot(const PlotRequest& request, const Log& log, const std::stop_token& stop) {
  const std::optional<FigureFormat> format = figure_format_of(request.output);
  check(format.has_value(), "a figure named '{}'", request.output);
  const FigureKind kind = kind_of(request);
  require_fitting_options(request, kind);
  OutputFile file(request.output);
  file.write(rendered(figure_of(request, kind, log, stop), *format));
  file.commit();
}

}  // namespace virnucpro
