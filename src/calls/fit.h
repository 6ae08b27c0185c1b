// A calibration from scored chunks whose truth is known, and how good it is on genomes it has not
// seen.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "calls/calibration.h"

namespace virnucpro {

/// Fewer of either label say nothing of a map.
inline constexpr std::size_t kFewestChunks = 20;
/// A class of lengths with fewer of either label takes the map of all.
inline constexpr std::size_t kFewestInClass = 200;
/// With fewer records of either label, the mean of the chunks' log odds stands for a record.
inline constexpr std::size_t kFewestContigs = 100;
inline constexpr std::uint32_t kFolds = 5;

/// What a chunk or a record is, and where it comes from.
struct Truth {
  bool is_virus = false;
  std::uint32_t group = 0;
  std::uint32_t source = 0;
};

struct KnownChunk {
  Truth truth;
  double score = 0.0;
  std::uint64_t length = 0;
};

/// A record with `scored` of `chunks` chunks, at least one.
struct KnownContig {
  Truth truth;
  double score = 0.0;  ///< by which it would be judged without a calibration
  std::uint64_t scored = 0;
  std::uint64_t chunks = 0;
};

/// `chunks` are the scored ones of the first contig, then those of the second ...
struct KnownRun {
  std::vector<KnownChunk> chunks;
  std::vector<KnownContig> contigs;
};

/// Sum to the number of items: half to each label, within it the same to each group, within that to
/// each source, within that to each item.
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

/// Each source is predicted by a calibration that was fitted on those of the other folds, of which
/// there are kFolds, or fewer where a label has fewer sources. Throws InputError for a label with
/// one source or too few chunks, and Interrupted.
CrossValidation cross_validate(const KnownRun& run, CalibrationMethod method,
                               std::int64_t expected_length, const std::stop_token& stop = {});

}  // namespace virnucpro
