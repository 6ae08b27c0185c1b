#include "figures/plotted_evaluation.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "base/stop.h"
#include "figures/table_reader.h"
#include "report/evaluation_files.h"

namespace virnucpro {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// The points of the levels of a table, in its order. Lines of a ROC begin where nothing is called.
class Lines {
 public:
  explicit Lines(bool begins_at_zero) : begins_at_zero_(begins_at_zero) {}

  /// Levels that count what has no score have no line.
  void add(std::string_view level, std::optional<double> x, std::optional<double> y) {
    if (level.ends_with(" all")) return;
    if (lines_.empty() || lines_.back().name != level) {
      lines_.push_back({std::string(level), {}});
      if (begins_at_zero_) lines_.back().points.emplace_back(0.0, 0.0);
    }
    if (x && y) lines_.back().points.emplace_back(*x, *y);
  }

  std::vector<ChartSeries> take() { return std::move(lines_); }

 private:
  const bool begins_at_zero_;
  std::vector<ChartSeries> lines_;
};

std::vector<ChartSeries> read_curves(EvaluationChart chart, const std::string& folder,
                                     const std::stop_token& stop) {
  Lines lines(/*begins_at_zero=*/chart == EvaluationChart::kRoc);
  TableReader table(folder + "/" + kCurvesFile,
                    {"level", "false_positive_rate", "recall", "precision"}, stop);
  while (table.next()) {
    throw_if_stopped(stop);
    if (chart == EvaluationChart::kRoc) {
      lines.add(table.text(0), table.number(1), table.number(2));
    } else {
      lines.add(table.text(0), table.number(2), table.number(3));
    }
  }
  return lines.take();
}

std::vector<ChartSeries> read_bins(const std::string& folder, const std::stop_token& stop) {
  Lines lines(/*begins_at_zero=*/false);
  TableReader table(folder + "/" + kCalibrationFile, {"level", "mean_score", "share_of_viruses"},
                    stop);
  while (table.next()) lines.add(table.text(0), table.number(1), table.number(2));
  return lines.take();
}

/// Puts the metric into the name of each line.
void name_lines(EvaluationChart chart, const std::string& folder, const std::stop_token& stop,
                std::vector<ChartSeries>& lines) {
  TableReader table(folder + "/" + kMetricsFile, {"level", "kind", "metric", "value"}, stop);
  std::vector<double> values(lines.size(), kUndefined);
  while (table.next()) {
    if (table.text(1) != "all" || table.text(2) != metric_name(metric_of(chart))) continue;
    const auto line = std::ranges::find(lines, table.text(0), &ChartSeries::name);
    if (line == lines.end()) continue;
    values[static_cast<std::size_t>(line - lines.begin())] = table.number(3).value_or(kUndefined);
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i].name = line_name(chart, lines[i].name, values[i]);
  }
}

}  // namespace

Chart read_evaluation_chart(EvaluationChart chart, const std::string& folder,
                            const std::stop_token& stop) {
  std::vector<ChartSeries> lines = chart == EvaluationChart::kCalibration
                                       ? read_bins(folder, stop)
                                       : read_curves(chart, folder, stop);
  const bool is_outside = std::ranges::any_of(lines, [](const ChartSeries& line) {
    return std::ranges::any_of(
        line.points, [](const auto& point) { return point.first > 1.0 || point.second > 1.0; });
  });
  if (is_outside) throw InputError(fmt::format("{}: its tables have rates above 1.", folder));
  name_lines(chart, folder, stop, lines);
  return evaluation_chart(chart, std::move(lines));
}

}  // namespace virnucpro
