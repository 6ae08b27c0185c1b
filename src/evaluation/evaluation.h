// Judged items as a whole, per group and per length, with bootstrap intervals.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/work_progress.h"
#include "evaluation/metrics.h"

namespace virnucpro {

struct EvaluationRule {
  double threshold = 0.5;
  std::uint32_t resamples = 200;  ///< of the bootstrap; 0: no intervals
  std::uint64_t seed = 1;
};

/// A metric with its interval, from the 2.5th to the 97.5th percentile; NaN where not defined.
struct Estimate {
  double value = 0.0;
  double low = 0.0;
  double high = 0.0;
};

/// The figures of a part of the items.
struct PartEvaluation {
  std::string name;
  std::uint64_t viruses = 0;  ///< items
  std::uint64_t others = 0;
  std::uint64_t sources = 0;
  Confusion confusion;
  std::array<Estimate, kMetrics> metrics;

  const Estimate& operator[](Metric metric) const {
    return metrics[static_cast<std::size_t>(metric)];
  }
};

struct Evaluation {
  PartEvaluation all;
  /// Each group of viruses with all others, and each group of others with all viruses; by name.
  std::vector<PartEvaluation> groups;
  /// Items of a range of lengths, such as "500-999"; shortest first.
  std::vector<PartEvaluation> lengths;
  std::vector<CurvePoint> curve;
  std::array<CalibrationBin, kCalibrationBins> calibration;
};

/// Intervals resample whole sources, because the items of one genome are no independent evidence,
/// and within each group, so that no group is lost. The same items, rule and seed give the same
/// bits. `group_names` has the name of each item's group; groups of the two classes never share a
/// number. Throws Interrupted.
Evaluation evaluate(std::span<const JudgedItem> items, std::span<const std::string> group_names,
                    const EvaluationRule& rule, const std::stop_token& stop = {},
                    const WorkProgress& progress = {});

}  // namespace virnucpro
