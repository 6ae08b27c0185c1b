#include "bundles/measured_bundle.h"

#include <cmath>

#include "base/errors.h"

namespace virnucpro {

void save_measured_bundle(const Bundle& bundle, const PrecisionReport& report,
                          const std::string& folder, bool force, const std::stop_token& stop) {
  if (report.frames == 0) {
    throw InputError(
        "the input has no open frame, so nothing was measured and no bundle is written. Give "
        "sequences with coding regions.");
  }
  BundleInfo info = bundle.info();
  for (const PrecisionResult& result : report.precisions) {
    std::erase_if(info.accuracy, [&](const MeasuredAccuracy& old) {
      return old.precision == result.precision && old.expected_length == report.run.expected_length;
    });
    info.accuracy.push_back({.precision = result.precision,
                             .expected_length = report.run.expected_length,
                             .device = report.run.device_description,
                             .frames = result.scored,
                             .dnabert_s_cosine = result.encoders[0].lowest_cosine,
                             .esm2_cosine = result.encoders[1].lowest_cosine,
                             .largest_score_change = std::abs(result.largest_drift),
                             .flips = result.flips,
                             .frames_per_second = result.frames_per_second});
  }
  bundle.save(info, folder, force, stop);
}

}  // namespace virnucpro
