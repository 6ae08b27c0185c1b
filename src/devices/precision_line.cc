#include "devices/precision_line.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace virnucpro {
namespace {

// A smaller gain is not worth another look at accuracy.
constexpr double kMuchFaster = 1.2;

const MeasuredAccuracy* find(std::span<const MeasuredAccuracy> known, Precision precision) {
  const auto found = std::ranges::find(known, precision, &MeasuredAccuracy::precision);
  return found == known.end() ? nullptr : &*found;
}

/// Rounded down to six decimals: a limit from below.
double at_least(double cosine) { return std::floor(cosine * 1e6 + 1e-6) / 1e6; }

std::string figures_of(const MeasuredAccuracy& measured) {
  return fmt::format(
      "centred cosines to FP32 of at least {:.6f} (DNABERT-S) and {:.6f} (ESM-2), {} of {} calls "
      "changed",
      at_least(measured.dnabert_s_cosine), at_least(measured.esm2_cosine), measured.flips,
      measured.frames);
}

bool is_good(const MeasuredAccuracy& measured) {
  return meets_demand(measured.precision, std::min(measured.dnabert_s_cosine, measured.esm2_cosine),
                      measured.flips, measured.frames);
}

/// The speed of a precision measured on `device`; 0: none.
double speed_on(const MeasuredAccuracy* measured, const std::string& device) {
  return measured != nullptr && measured->device == device ? measured->frames_per_second : 0.0;
}

}  // namespace

std::string precision_line(const PrecisionChoice& choice, std::span<const MeasuredAccuracy> known,
                           const std::string& device) {
  std::string line = fmt::format("precision {}, {} batches", name_of(choice.precision),
                                 choice.packed ? "packed" : "padded");
  if (choice.precision == Precision::kFp32) return line;
  const MeasuredAccuracy* own = find(known, choice.precision);
  if (own == nullptr) {
    return line +
           "; how exact it is with these models is unknown ('virnucpro precision' measures it)";
  }
  line += "; measured with this bundle: " + figures_of(*own);
  const double own_speed = speed_on(own, device);
  for (const MeasuredAccuracy& other : known) {
    const double speed = speed_on(&other, device);
    if (own_speed <= 0.0 || speed < kMuchFaster * own_speed || !is_good(other)) continue;
    line += fmt::format("; {} was {:.1f} times as fast here, with {}", name_of(other.precision),
                        speed / own_speed, figures_of(other));
  }
  return line;
}

std::string accuracy_warning(Precision precision, std::span<const MeasuredAccuracy> known) {
  const MeasuredAccuracy* own = find(known, precision);
  if (own == nullptr || is_good(*own)) return "";
  return fmt::format(
      "{} was measured with this bundle and is less exact than it should be: {}, where at least {} "
      "and at most {} % are asked; use a more exact --precision",
      name_of(precision), figures_of(*own), demand_of(precision).centred_cosine,
      100.0 * demand_of(precision).flips);
}

}  // namespace virnucpro
