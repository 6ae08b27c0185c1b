// What a comparison with a stored run has found, which part is wrong by it, and the table of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/encoder_kind.h"
#include "models/precision_policy.h"
#include "weights/bundle.h"
#include "weights/stored_run.h"

namespace virnucpro {

/// How near one encoder must come to the stored run
/// (docs/explanation/numerics.md#9-how-close-it-must-be).
struct CheckLimits {
  double cosine = 0.0;      ///< centred, of the worst frame, at least
  double difference = 0.0;  ///< of one value, over the largest outside the dominant dimension
  double score = 0.0;       ///< largest change of P(virus)
};
CheckLimits check_limits(Precision precision);

struct CheckedEncoder {
  double cosine = 1.0;      ///< the lowest; 0 where an embedding is not finite
  double difference = 0.0;  ///< the largest; infinity where one is not finite
  std::string worst_frame;  ///< of the lowest cosine
  /// "layer 3, linear 2": where NaN or infinity came up first; empty: all is finite.
  std::string first_nonfinite;

  bool is_within(const CheckLimits& limits) const {
    return cosine >= limits.cosine && difference <= limits.difference;
  }
};

/// What one device gave in one precision.
struct CheckedPrecision {
  std::string device;
  Precision precision = Precision::kFp16;
  std::string left_out;  ///< why it was not computed; empty: it was
  PerEncoder<CheckedEncoder> encoders;
  std::optional<double> score_change;  ///< absent: there is no classifier for the stored length
  std::uint64_t changed_calls = 0;
  double seconds = 0.0;  ///< of both encoders, without loading
};

struct PublishedCheck {
  std::string stored;  ///< its origin
  std::size_t frames = 0;
  std::vector<CheckedPrecision> rows;
  /// Of the bundle's classifier on the stored embeddings, from the stored scores; absent as above.
  std::optional<double> classifier_change;
  /// One text for each part that is wrong, with what to do; empty: the bundle has passed.
  std::vector<std::string> problems;

  bool passed() const { return problems.empty(); }
};

/// One of the two encoders of the run. Borrowed.
const ReferenceEncoder& stored_of(const StoredRun& run, EncoderKind kind);

/// The texts for PublishedCheck::problems, by its rows and its classifier's change. Pure.
std::vector<std::string> problems_of(const PublishedCheck& check, const StoredRun& stored,
                                     const BundleInfo& info);

/// The figures as a table with a header, tab-separated. Pure.
std::string table_of(const PublishedCheck& check);

}  // namespace virnucpro
