// The charts of an evaluation.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/evaluation.h"
#include "plot/unit_chart.h"
#include "report/evaluation_report.h"

namespace virnucpro {

enum class EvaluationChart : std::uint8_t { kRoc, kPrecisionRecall, kCalibration };
inline constexpr std::array kEvaluationCharts = {
    EvaluationChart::kRoc, EvaluationChart::kPrecisionRecall, EvaluationChart::kCalibration};
/// "roc", "precision-recall", "calibration".
std::string_view name_of(EvaluationChart chart);

/// The metric that stands behind the name of a line.
Metric metric_of(EvaluationChart chart);
/// "contigs, AUROC 0.9876"; NA for a metric that is not defined (NaN).
std::string line_name(EvaluationChart chart, std::string_view level, double metric);
/// The chart around its lines.
Chart evaluation_chart(EvaluationChart chart, std::vector<ChartSeries> lines);

/// The chart of a report, with a line for each level that counts only what has a score.
Chart evaluation_chart(EvaluationChart chart, const EvaluationReport& report);

// The files of `evaluate`.
std::string roc_svg(const EvaluationReport& report);
std::string precision_recall_svg(const EvaluationReport& report);
std::string calibration_svg(const EvaluationReport& report);

}  // namespace virnucpro
