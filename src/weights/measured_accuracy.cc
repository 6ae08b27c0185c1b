#include "weights/measured_accuracy.h"

#include "base/format.h"
#include "tensor/precision_name.h"
#include "weights/display_name.h"
#include "weights/model_limits.h"

namespace virnucpro {
namespace {

constexpr std::int64_t kMostCounted = std::int64_t{1} << 53;

double bounded(const JsonObject& json, const std::string& key, double low, double high) {
  const double value = json.number(key);
  // Also true for a value that is not finite.
  if (!(value >= low && value <= high)) {
    json.fail(key, fmt::format("is {}, expected {} to {}", value, low, high));
  }
  return value;
}

}  // namespace

MeasuredAccuracy parse_accuracy(const JsonObject& json) {
  MeasuredAccuracy accuracy;
  const std::optional<Precision> precision = precision_named(json.string("precision"));
  if (!precision) {
    json.fail("precision", fmt::format("is {}, which this program does not know",
                                       display_name(json.string("precision"))));
  }
  accuracy.precision = *precision;
  accuracy.expected_length = json.integer("expected_length", 1, kLongestChunk);
  accuracy.device = json.string("device");
  accuracy.frames = static_cast<std::uint64_t>(json.integer("frames", 1, kMostCounted));
  accuracy.dnabert_s_cosine = bounded(json, "dnabert_s_centred_cosine", -1.0, 1.0);
  accuracy.esm2_cosine = bounded(json, "esm2_centred_cosine", -1.0, 1.0);
  accuracy.largest_score_change = bounded(json, "largest_score_change", 0.0, 1.0);
  accuracy.flips = static_cast<std::uint64_t>(json.integer("label_flips", 0, kMostCounted));
  accuracy.frames_per_second = bounded(json, "frames_per_second", 0.0, 1e12);
  return accuracy;
}

nlohmann::ordered_json accuracy_json(const MeasuredAccuracy& accuracy) {
  return {{"precision", name_of(accuracy.precision)},
          {"expected_length", accuracy.expected_length},
          {"device", accuracy.device},
          {"frames", accuracy.frames},
          {"dnabert_s_centred_cosine", accuracy.dnabert_s_cosine},
          {"esm2_centred_cosine", accuracy.esm2_cosine},
          {"largest_score_change", accuracy.largest_score_change},
          {"label_flips", accuracy.flips},
          {"frames_per_second", accuracy.frames_per_second}};
}

}  // namespace virnucpro
