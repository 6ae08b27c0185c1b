// From scores to probabilities: the calibration that a bundle carries for one chunk length.
//
// docs/explanation/calibration.md has the formulas. All probabilities are estimates at a prevalence
// of one half; another prevalence shifts the log odds by logit(prevalence).
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

/// What the score of a chunk says depends on how much of it was read: all of it, as of a chunk with
/// an open frame, or a run.
struct ChunkReading {
  std::uint64_t length = 0;  ///< of the chunk, in bases
  std::uint64_t read = 0;    ///< bases of its longest run; unused for an open frame
  bool is_run = false;

  /// The share of the chunk that is free of stops.
  double share() const {
    return is_run ? static_cast<double>(read) / static_cast<double>(length) : 1.0;
  }
};

/// Of a chunk that was read by a run. With L = logit(score), l = log(bases read / unit) and s the
/// share of the chunk that they are: logit(q) = intercept + max(0, score + score_by_length * l) * L
/// + length * l + share * s. Platt: p = q. Isotonic: p is `knots` at q. Never falls with the score.
struct RunMap {
  double intercept = 0.0;
  double score = 1.0;
  double length = 0.0;
  double score_by_length = 0.0;
  double share = 0.0;
  std::vector<Knot> knots;  ///< empty: Platt
  bool operator==(const RunMap&) const = default;

  double probability(double chunk_score, const ChunkReading& reading, std::uint64_t unit) const;
};

/// Chunks that were read by runs, from this length of the chunk up to that of the next class.
struct RunClass {
  std::uint64_t from = 0;
  std::uint64_t viruses = 0;
  std::uint64_t others = 0;
  std::optional<RunMap> map;  ///< absent: too few chunks; the map of all is used
  bool operator==(const RunClass&) const = default;
};

struct RunCalibration {
  std::uint64_t unit = 1;  ///< bases: the expected length
  RunMap all;
  std::vector<RunClass> classes;  ///< rising, the first from 0
  bool operator==(const RunCalibration&) const = default;
};

/// For a record of `chunks` chunks, of which n have an open frame and m are read by runs: with
/// w = n + run_weight * m and E the sum of the chunks' log odds, those of runs times run_weight,
/// logit(p) = intercept + evidence * E / w * w^gamma + density * log((n + 1) / (chunks + 2)).
struct ContigRule {
  double gamma = 0.0;
  double intercept = 0.0;
  double evidence = 1.0;
  double density = 0.0;
  double run_weight = 1.0;
  bool operator==(const ContigRule&) const = default;
};

/// The rule of calls that a bundle names: a record is viral from these log odds on, at a prevalence
/// of one half. In every group of others but those that are excepted, at most a share
/// `false_positives` of the records that it was fitted on reach them.
struct BundleCalls {
  double log_odds = 0.0;
  double false_positives = 0.0;
  std::vector<std::string> excepted;  ///< names of groups
  bool operator==(const BundleCalls&) const = default;
};

struct Calibration {
  CalibrationMethod method = CalibrationMethod::kPlatt;
  ScoreMap all;
  std::vector<LengthClass> classes;  ///< rising, the first from 0
  ContigRule contig;
  std::uint64_t contig_viruses = 0;  ///< that `contig` was fitted on; 0: too few
  std::uint64_t contig_others = 0;
  /// Of chunks that are read by runs; absent: nothing was fitted, and the log odds of the score
  /// count by the share that was read.
  std::optional<RunCalibration> runs;
  std::optional<BundleCalls> calls;  ///< absent: the published rule
  std::string labels_sha256;
  bool operator==(const Calibration&) const = default;

  /// The probability that a chunk is viral.
  double chunk_probability(double score, const ChunkReading& reading) const;
};

/// Adds up the scored chunks of one record.
class ContigEvidence {
 public:
  void add(double chunk_probability, bool is_run = false);
  std::uint64_t scored() const { return open_.chunks + runs_.chunks; }
  /// What the rule weighs: E / w * w^gamma, and the logarithm of the density.
  std::array<double, 2> features(double gamma, double run_weight, std::uint64_t chunks) const;
  /// `chunks` includes those without a score; at least one is scored. Within +-kMostLogOdds.
  double log_odds(const ContigRule& rule, std::uint64_t chunks) const;

 private:
  struct Sum {
    double log_odds = 0.0;
    std::uint64_t chunks = 0;
  };
  Sum open_;
  Sum runs_;
};

}  // namespace virnucpro
