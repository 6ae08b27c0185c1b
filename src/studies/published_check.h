// Compares a bundle with a stored run of the models that it is said to be.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/log.h"
#include "devices/load_models.h"
#include "models/encoder_kind.h"
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

/// A device to compare on.
struct CheckDevice {
  std::string name;
  Backend& backend;
};

/// What is compared, and how it is loaded.
struct CheckRequest {
  const StoredRun& stored;
  const BundleInfo& info;
  /// Empty: all that a device offers. A device leaves out those that it does not offer.
  std::vector<Precision> precisions;
  /// As load_models(), with the classifier of the stored run's length where the bundle has one.
  std::function<LoadedModels(Precision precision, Backend& backend)> load;
  Log log = {};
};

/// True for a bundle whose encoders are as wide as the published ones: it is meant to be them.
bool has_published_widths(const BundleInfo& info);

/// Computes the stored frames on every device in every precision, one after the other, and finds
/// out which part is wrong. FP32 runs padded, the others packed. ModelError where the widths differ
/// from those of the run, or the weights cannot be loaded; Interrupted.
PublishedCheck check_against(const CheckRequest& request, const std::vector<CheckDevice>& devices,
                             const std::stop_token& stop = {});

/// The figures as a table with a header, tab-separated. Pure.
std::string table_of(const PublishedCheck& check);

}  // namespace virnucpro
