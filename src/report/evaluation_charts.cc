#include "report/evaluation_charts.h"

#include <cmath>
#include <utility>

#include "base/format.h"
#include "report/curve_rates.h"

namespace virnucpro {
namespace {

std::string svg_of(EvaluationChart chart, const EvaluationReport& report) {
  return rendered(unit_chart(evaluation_chart(chart, report), kSquareWidth * kPointsPerMillimetre),
                  FigureFormat::kSvg);
}

std::vector<std::pair<double, double>> points_of(EvaluationChart chart,
                                                 const Evaluation& evaluation) {
  std::vector<std::pair<double, double>> points;
  switch (chart) {
    case EvaluationChart::kRoc:
      points.emplace_back(0.0, 0.0);  // nothing is called
      for (const CurveRates& rates : thinned_curve(evaluation)) {
        points.emplace_back(rates.false_positive_rate, rates.recall);
      }
      break;
    case EvaluationChart::kPrecisionRecall:
      for (const CurveRates& rates : thinned_curve(evaluation)) {
        points.emplace_back(rates.recall, rates.precision);
      }
      break;
    case EvaluationChart::kCalibration:
      for (const CalibrationBin& bin : evaluation.calibration) {
        if (bin.items == 0) continue;
        const auto items = static_cast<double>(bin.items);
        points.emplace_back(bin.score_sum / items, static_cast<double>(bin.viruses) / items);
      }
      break;
  }
  return points;
}

}  // namespace

std::string_view name_of(EvaluationChart chart) {
  switch (chart) {
    case EvaluationChart::kRoc:
      return "roc";
    case EvaluationChart::kPrecisionRecall:
      return "precision-recall";
    case EvaluationChart::kCalibration:
      return "calibration";
  }
  return "";
}

Metric metric_of(EvaluationChart chart) {
  switch (chart) {
    case EvaluationChart::kRoc:
      return Metric::kAuroc;
    case EvaluationChart::kPrecisionRecall:
      return Metric::kAuprc;
    case EvaluationChart::kCalibration:
      return Metric::kCalibrationError;
  }
  return Metric::kAuroc;
}

std::string line_name(EvaluationChart chart, std::string_view level, double metric) {
  const char* const name = chart == EvaluationChart::kRoc               ? "AUROC"
                           : chart == EvaluationChart::kPrecisionRecall ? "AUPRC"
                                                                        : "ECE";
  if (std::isnan(metric)) return fmt::format("{}, {} NA", level, name);
  return fmt::format("{}, {} {:.4f}", level, name, metric);
}

Chart evaluation_chart(EvaluationChart chart, std::vector<ChartSeries> lines) {
  for (ChartSeries& line : lines) line.has_markers = chart == EvaluationChart::kCalibration;
  switch (chart) {
    case EvaluationChart::kRoc:
      return {"Receiver operating characteristic", "false positive rate", "recall",
              std::move(lines), /*has_diagonal=*/true};
    case EvaluationChart::kPrecisionRecall:
      return {"Precision and recall", "recall", "precision", std::move(lines),
              /*has_diagonal=*/false};
    case EvaluationChart::kCalibration:
      return {"Calibration", "mean score", "share of viruses", std::move(lines),
              /*has_diagonal=*/true};
  }
  return {};
}

Chart evaluation_chart(EvaluationChart chart, const EvaluationReport& report) {
  std::vector<ChartSeries> lines;
  for (const EvaluatedLevel& level : report.levels) {
    if (level.counts_unscored) continue;
    const double metric = level.evaluation.all[metric_of(chart)].value;
    lines.push_back({line_name(chart, level.name, metric), points_of(chart, level.evaluation)});
  }
  return evaluation_chart(chart, std::move(lines));
}

std::string roc_svg(const EvaluationReport& report) {
  return svg_of(EvaluationChart::kRoc, report);
}

std::string precision_recall_svg(const EvaluationReport& report) {
  return svg_of(EvaluationChart::kPrecisionRecall, report);
}

std::string calibration_svg(const EvaluationReport& report) {
  return svg_of(EvaluationChart::kCalibration, report);
}

}  // namespace virnucpro
