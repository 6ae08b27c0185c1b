// How fast the published models would run here, from a few of their layers.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "tensor/precision.h"

namespace virnucpro {

class Backend;

struct SpeedEstimate {
  std::string device;
  Precision precision = Precision::kFp16;
  double frames_per_second = 0.0;  ///< of 100 amino acids: DNABERT-S and ESM-2 3B together
  double seconds = 0.0;            ///< that the measurement took
};

/// Measures one layer of DNABERT-S and one of ESM-2 3B, with random weights, for some
/// `seconds` or little more, and multiplies by the layers of the published models: all layers of a
/// model cost the same. Takes some 500 MB. Throws OutOfDeviceMemory, Interrupted.
SpeedEstimate estimate_published_speed(const std::string& device, Precision precision,
                                       Backend& backend, double seconds,
                                       const std::stop_token& stop = {});

}  // namespace virnucpro
