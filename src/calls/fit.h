// Fits a calibration to scored chunks of known class, and measures how good it is on genomes that
// it has not seen.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/work_progress.h"
#include "calls/calibration.h"

namespace virnucpro {

/// With fewer chunks of either label a map cannot be fitted.
inline constexpr std::size_t kFewestChunks = 20;
/// A class of lengths with fewer chunks of either label takes the map of all.
inline constexpr std::size_t kFewestInClass = 200;
/// With fewer chunks of either label that were read by runs, nothing is fitted for them.
inline constexpr std::size_t kFewestRuns = 100;
/// With fewer records of either label, a record gets the mean of its chunks' log odds.
inline constexpr std::size_t kFewestContigs = 100;
inline constexpr std::uint32_t kFolds = 5;

/// The class of a chunk or a record, and its origin.
struct Truth {
  bool is_virus = false;
  std::uint32_t group = 0;
  std::uint32_t source = 0;
};

struct KnownChunk {
  Truth truth;
  double score = 0.0;
  ChunkReading reading;
};

/// A record of `chunks` chunks, of which `scored`, at least one, have a score.
struct KnownContig {
  Truth truth;
  double score = 0.0;  ///< decides about it without a calibration
  std::uint64_t scored = 0;
  std::uint64_t chunks = 0;
};

/// `chunks` holds the scored chunks of the first contig, then those of the second, and so on.
struct KnownRun {
  std::vector<KnownChunk> chunks;
  std::vector<KnownContig> contigs;
};

/// The lowest log odds at which, in every group of `others` but the excepted ones, at most a share
/// `false_positives` of the records are called, so none in a group of fewer than its inverse.
/// `items` have the log odds of all records of others, -infinity where a record has none; groups
/// are numbers of `group_names`. Throws InputError for an excepted name that is no group, or where
/// nothing is left to fit on.
struct OtherRecord {
  double log_odds = 0.0;
  std::uint32_t group = 0;
};
BundleCalls fit_calls(std::span<const OtherRecord> items, std::span<const std::string> group_names,
                      double false_positives, std::vector<std::string> excepted);

/// The weights sum to the number of items. Half goes to each label; a label shares its half equally
/// among its groups, a group among its sources, a source among its items.
std::vector<double> balanced_weights(std::span<const Truth> items);

/// Deterministic. `labels_sha256` of the result is empty. Throws InputError for fewer than
/// kFewestChunks of either label.
Calibration fit_calibration(const KnownRun& run, CalibrationMethod method,
                            std::int64_t expected_length);

/// Weighted like the fit.
struct Reliability {
  double log_loss = 0.0;
  double brier = 0.0;
  double calibration_error = 0.0;  ///< expected, over ten bins of equal width
};

struct HeldOut {
  std::uint64_t viruses = 0;
  std::uint64_t others = 0;
  Reliability before;  ///< of the scores as they are
  Reliability after;
};

struct CrossValidation {
  std::uint32_t folds = 0;
  HeldOut chunks;
  HeldOut contigs;
};

/// The chunks of each source are predicted by a calibration fitted to the other folds. There are
/// kFolds folds, or fewer where a label has fewer sources. Throws InputError for a label with one
/// source or too few chunks, and Interrupted.
CrossValidation cross_validate(const KnownRun& run, CalibrationMethod method,
                               std::int64_t expected_length, const std::stop_token& stop = {},
                               const WorkProgress& progress = {});

}  // namespace virnucpro
