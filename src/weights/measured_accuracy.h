// How far a bundle's results in one precision were from FP32 when they were measured: its card.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/precision.h"
#include "weights/json_reader.h"

namespace virnucpro {

/// What `virnucpro precision` found. Cosines are centred, of the worst embedding
/// (docs/explanation/numerics.md#9-how-close-it-must-be).
struct MeasuredAccuracy {
  Precision precision = Precision::kFp16;
  std::int64_t expected_length = 0;  ///< of the chunks, and of the classifier that scored them
  std::string device;                ///< its description
  std::uint64_t frames = 0;
  double dnabert_s_cosine = 0.0;
  double esm2_cosine = 0.0;
  double largest_score_change = 0.0;  ///< magnitude
  std::uint64_t flips = 0;            ///< calls that changed
  double frames_per_second = 0.0;

  bool operator==(const MeasuredAccuracy&) const = default;
};

/// An entry of the card's list "accuracy"; ModelError for a key that is missing or impossible.
MeasuredAccuracy parse_accuracy(const JsonObject& json);
nlohmann::ordered_json accuracy_json(const MeasuredAccuracy& accuracy);

}  // namespace virnucpro
