// Everything that a test of whole runs may set: models, arithmetic, inputs and outputs, device.
#pragma once

#include <cstddef>
#include <string>

#include "devices/load_models.h"
#include "jobs/predict.h"
#include "models/precision_policy.h"

namespace virnucpro::testing_support {

struct RunSettings : ModelRequest, PrecisionRequest, PredictRequest {
  std::string device = "cpu";
  std::size_t threads = 1;
};

}  // namespace virnucpro::testing_support
