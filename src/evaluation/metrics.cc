#include "evaluation/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace virnucpro {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

constexpr std::array<std::string_view, kMetrics> kNames = {"auroc",
                                                           "auprc",
                                                           "recall_at_1_percent_fpr",
                                                           "recall_at_5_percent_fpr",
                                                           "accuracy",
                                                           "precision",
                                                           "recall",
                                                           "specificity",
                                                           "f1",
                                                           "mcc",
                                                           "brier_score",
                                                           "expected_calibration_error",
                                                           "log_loss"};

double ratio(double part, double whole) { return whole > 0.0 ? part / whole : kUndefined; }

/// A score of 1 belongs to the last bin.
std::size_t bin_of(double score) {
  return std::min(kCalibrationBins - 1, static_cast<std::size_t>(score * double{kCalibrationBins}));
}

/// The loss is bounded: a wrong score of 0 or 1 would outweigh everything.
double log_loss_of(double score, bool is_virus) {
  constexpr double kLeastProbability = 1e-6;
  const double p = std::clamp(score, kLeastProbability, 1.0 - kLeastProbability);
  return is_virus ? -std::log(p) : -std::log1p(-p);
}

struct Totals {
  double viruses = 0.0;
  double others = 0.0;
};

}  // namespace

std::string_view metric_name(Metric metric) { return kNames[static_cast<std::size_t>(metric)]; }

Ranking::Ranking(std::span<const JudgedItem> items, double threshold) : threshold_(threshold) {
  items_.reserve(items.size());
  for (const JudgedItem& item : items) {
    check(item.score >= 0.0 && item.score <= 1.0, "a score of {}", item.score);
    items_.push_back(
        {item.score, log_loss_of(item.score, item.is_virus), item.source, item.is_virus});
  }
  std::sort(items_.begin(), items_.end(),
            [](const Item& a, const Item& b) { return a.score > b.score; });
}

// Counts are sums of whole numbers below 2^53, so their order cannot matter. Only the sums of the
// Brier score and of the bins depend on it, and there equal scores make equal terms.
MetricValues Ranking::metrics(std::span<const std::uint32_t> copies) const {
  const auto weight = [&](const Item& item) {
    return copies.empty() ? 1.0 : static_cast<double>(copies[item.source]);
  };
  Totals all;
  for (const Item& item : items_) (item.is_virus ? all.viruses : all.others) += weight(item);

  Totals called;  // from the highest score to this one
  Totals called_at_threshold;
  double area = 0.0;  // of the ROC, in pairs of a virus and another
  double precision_sum = 0.0;
  double recall_at_one = 0.0;
  double recall_at_five = 0.0;
  double squares = 0.0;
  double losses = 0.0;
  std::array<double, kCalibrationBins> excess{};  // of scores over truth
  for (std::size_t first = 0; first < items_.size();) {
    const double score = items_[first].score;
    Totals tied;
    Totals loss;  // of one virus and one other
    std::size_t end = first;
    for (; end < items_.size() && items_[end].score == score; ++end) {
      (items_[end].is_virus ? tied.viruses : tied.others) += weight(items_[end]);
      (items_[end].is_virus ? loss.viruses : loss.others) = items_[end].loss;
    }
    area += tied.others * (called.viruses + tied.viruses / 2.0);
    called.viruses += tied.viruses;
    called.others += tied.others;
    if (tied.viruses > 0.0) {
      precision_sum += tied.viruses * called.viruses / (called.viruses + called.others);
    }
    if (called.others <= 0.01 * all.others) recall_at_one = called.viruses;
    if (called.others <= 0.05 * all.others) recall_at_five = called.viruses;
    if (score >= threshold_) called_at_threshold = called;
    squares += tied.viruses * (1.0 - score) * (1.0 - score) + tied.others * score * score;
    losses += tied.viruses * loss.viruses + tied.others * loss.others;
    excess[bin_of(score)] += (tied.viruses + tied.others) * score - tied.viruses;
    first = end;
  }

  const double count = all.viruses + all.others;
  const double true_virus = called_at_threshold.viruses;
  const double false_virus = called_at_threshold.others;
  const double false_other = all.viruses - true_virus;
  const double true_other = all.others - false_virus;
  double calibration_error = 0.0;
  for (const double each : excess) calibration_error += std::abs(each);
  const bool has_both = all.viruses > 0.0 && all.others > 0.0;
  MetricValues values;
  const auto set = [&](Metric metric, double value) {
    values[static_cast<std::size_t>(metric)] = value;
  };
  set(Metric::kAuroc, ratio(area, all.viruses * all.others));
  set(Metric::kAuprc, has_both ? precision_sum / all.viruses : kUndefined);
  set(Metric::kRecallAtOne, has_both ? recall_at_one / all.viruses : kUndefined);
  set(Metric::kRecallAtFive, has_both ? recall_at_five / all.viruses : kUndefined);
  set(Metric::kAccuracy, ratio(true_virus + true_other, count));
  set(Metric::kPrecision, ratio(true_virus, true_virus + false_virus));
  set(Metric::kRecall, ratio(true_virus, all.viruses));
  set(Metric::kSpecificity, ratio(true_other, all.others));
  set(Metric::kF1, ratio(2.0 * true_virus, 2.0 * true_virus + false_virus + false_other));
  set(Metric::kMcc, ratio(true_virus * true_other - false_virus * false_other,
                          std::sqrt(true_virus + false_virus) * std::sqrt(all.viruses) *
                              std::sqrt(all.others) * std::sqrt(true_other + false_other)));
  set(Metric::kBrier, ratio(squares, count));
  set(Metric::kCalibrationError, ratio(calibration_error, count));
  set(Metric::kLogLoss, ratio(losses, count));
  return values;
}

Confusion Ranking::confusion() const {
  Confusion confusion;
  for (const Item& item : items_) {
    if (item.score >= threshold_) {
      ++(item.is_virus ? confusion.true_virus : confusion.false_virus);
    } else {
      ++(item.is_virus ? confusion.false_other : confusion.true_other);
    }
  }
  return confusion;
}

std::vector<CurvePoint> Ranking::curve() const {
  std::vector<CurvePoint> points;
  CurvePoint point;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    point.score = items_[i].score;
    ++(items_[i].is_virus ? point.true_virus : point.false_virus);
    if (i + 1 == items_.size() || items_[i + 1].score != point.score) points.push_back(point);
  }
  return points;
}

std::array<CalibrationBin, kCalibrationBins> Ranking::calibration() const {
  std::array<CalibrationBin, kCalibrationBins> bins;
  for (const Item& item : items_) {
    CalibrationBin& bin = bins[bin_of(item.score)];
    ++bin.items;
    bin.viruses += item.is_virus ? 1 : 0;
    bin.score_sum += item.score;
  }
  return bins;
}

}  // namespace virnucpro
