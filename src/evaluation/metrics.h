// How well scores tell viruses from others: figures of one set of judged items.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace virnucpro {

/// One fragment or contig whose class is known.
struct JudgedItem {
  double score = 0.0;        ///< 0 to 1; viral from the threshold on
  bool is_virus = false;     ///< what it is
  std::uint32_t source = 0;  ///< the genome that it was cut from
  std::uint32_t group = 0;   ///< such as a family, or "bacteria"
  std::uint64_t length = 0;  ///< in bases
};

enum class Metric : std::uint8_t {
  kAuroc,         ///< area under the ROC curve; ties count half
  kAuprc,         ///< average precision: the mean, over viruses, of the precision at their scores
  kRecallAtOne,   ///< largest recall of a threshold with at most 1 % false positives
  kRecallAtFive,  ///< with at most 5 %
  kAccuracy,      ///< this and all below: at the threshold
  kPrecision,     ///< share of viruses among what is called viral
  kRecall,        ///< share of viruses that are called viral
  kSpecificity,   ///< share of others that are not
  kF1,            ///< harmonic mean of precision and recall
  kMcc,           ///< Matthews' correlation coefficient
  kBrier,         ///< mean squared difference of score and truth
  kCalibrationError,  ///< expected calibration error over kCalibrationBins bins of equal width
  kLogLoss            ///< mean of -log(score of the truth), scores held within 1e-6 of 0 and 1
};
inline constexpr std::size_t kMetrics = 13;
inline constexpr std::size_t kCalibrationBins = 10;

/// The metric's name in files: "auroc", "recall_at_1_percent_fpr".
std::string_view metric_name(Metric metric);

/// One value for each metric, NaN where it is not defined: no virus, no other, nothing called.
using MetricValues = std::array<double, kMetrics>;

/// Numbers of items by class and call.
struct Confusion {
  std::uint64_t true_virus = 0;
  std::uint64_t false_virus = 0;
  std::uint64_t true_other = 0;
  std::uint64_t false_other = 0;
};

/// A point of the ROC and precision-recall curves: everything from `score` on is called viral.
struct CurvePoint {
  double score = 0.0;
  std::uint64_t true_virus = 0;
  std::uint64_t false_virus = 0;
};

/// Items of one bin of scores.
struct CalibrationBin {
  std::uint64_t items = 0;
  std::uint64_t viruses = 0;
  double score_sum = 0.0;
};

/// Items in the order of their scores, evaluated again and again with other weights. Immutable.
class Ranking {
 public:
  /// Copies what it needs. Scores are finite, within [0, 1].
  Ranking(std::span<const JudgedItem> items, double threshold);

  /// `copies[source]` is how often each item of a source counts; empty: once.
  MetricValues metrics(std::span<const std::uint32_t> copies = {}) const;
  Confusion confusion() const;
  /// One point for each different score, from the highest down.
  std::vector<CurvePoint> curve() const;
  std::array<CalibrationBin, kCalibrationBins> calibration() const;

 private:
  struct Item {
    double score;
    double loss;  ///< the logarithmic one
    std::uint32_t source;
    bool is_virus;
  };
  std::vector<Item> items_;  ///< highest score first
  double threshold_;
};

}  // namespace virnucpro
