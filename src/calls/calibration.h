// From scores to probabilities: the calibration that a bundle carries for one chunk length.
//
// docs/calibration.md has the formulas. All probabilities are estimates at a prevalence of one
// half; another prevalence shifts the log odds by logit(prevalence).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

/// Scores are limited to this distance from 0 and 1: a logit beyond it would outweigh all others.
inline constexpr double kLeastScore = 1e-6;
/// Log odds of records end here, where a double can barely be told from 1.
inline constexpr double kMostLogOdds = 32.0;
/// Enough for a curve that users read, and small beside the weights.
inline constexpr std::size_t kMostKnots = 64;

/// log(p / (1 - p)) of p within [kLeastScore, 1 - kLeastScore].
double log_odds_of(double probability);
double probability_of(double log_odds);

enum class CalibrationMethod : std::uint8_t { kPlatt, kIsotonic };

/// "platt", "isotonic".
std::string_view name_of(CalibrationMethod method);

struct Knot {
  double score = 0.0;
  double probability = 0.0;
  bool operator==(const Knot&) const = default;
};

/// Never falls with the score. Platt: logit(p) = slope * logit(score) + intercept. Isotonic: linear
/// between knots of rising scores, constant outside of them.
struct ScoreMap {
  double slope = 1.0;
  double intercept = 0.0;
  std::vector<Knot> knots;  ///< empty: Platt
  bool operator==(const ScoreMap&) const = default;

  double probability(double score) const;
};

/// Chunks from this length in bases up to that of the next class.
struct LengthClass {
  std::uint64_t from = 0;
  std::uint64_t viruses = 0;  ///< chunks that it was fitted on
  std::uint64_t others = 0;
  std::optional<ScoreMap> map;  ///< absent: too few chunks; the map of all is used
  bool operator==(const LengthClass&) const = default;
};

/// logit(p) = intercept + evidence * mean logit * n^gamma + density * log((n + 1) / (chunks + 2)),
/// for a record of which n chunks are scored.
struct ContigRule {
  double gamma = 0.0;
  double intercept = 0.0;
  double evidence = 1.0;
  double density = 0.0;
  bool operator==(const ContigRule&) const = default;
};

struct Calibration {
  CalibrationMethod method = CalibrationMethod::kPlatt;
  ScoreMap all;
  std::vector<LengthClass> classes;  ///< rising, the first from 0
  ContigRule contig;
  std::uint64_t contig_viruses = 0;  ///< that `contig` was fitted on; 0: too few
  std::uint64_t contig_others = 0;
  std::string labels_sha256;
  bool operator==(const Calibration&) const = default;

  /// The probability that a chunk of `length` bases is viral.
  double chunk_probability(double score, std::uint64_t length) const;
};

/// Adds up the scored chunks of one record.
class ContigEvidence {
 public:
  void add(double chunk_probability);
  std::uint64_t scored() const { return scored_; }
  /// What the rule weighs: mean logit * n^gamma, and the logarithm of the density.
  std::array<double, 2> features(double gamma, std::uint64_t chunks) const;
  /// `chunks` includes those without a score; at least one is scored. Within +-kMostLogOdds.
  double log_odds(const ContigRule& rule, std::uint64_t chunks) const;

 private:
  double sum_ = 0.0;
  std::uint64_t scored_ = 0;
};

}  // namespace virnucpro
