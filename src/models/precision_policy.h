// Decides the encoders' precision and packing (docs/explanation/numerics.md#8-precision).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/environment.h"
#include "tensor/precision.h"

namespace virnucpro {

/// What the user asked for, before the environment is considered.
struct PrecisionRequest {
  /// Flag or configuration; absent: the default, fp16.
  std::optional<Precision> precision = std::nullopt;
  bool no_packing = false;
};

/// What the run uses. Warnings are to be shown once, in order.
struct PrecisionChoice {
  Precision precision = Precision::kFp16;
  bool packed = true;
  std::vector<std::string> warnings;
};

/// How close to FP32 a precision is asked to stay on any model
/// (docs/explanation/numerics.md#9-how-close-it-must-be).
struct PrecisionDemand {
  double centred_cosine = 1.0;  ///< of the worst embedding, at least
  double flips = 0.0;           ///< share of calls that may change, at most
};
PrecisionDemand demand_of(Precision precision);
/// True when that was reached: the worst centred cosine of either encoder, and `flips` changed
/// calls of `scored`.
bool meets_demand(Precision precision, double worst_cosine, std::uint64_t flips,
                  std::uint64_t scored);

/// VIRNUCPRO_DISABLE_FP16 selects fp32 over every flag, VIRNUCPRO_DISABLE_PACKING unpacks. Throws
/// PrecisionError, before any weight is read, when fp32 would have to run packed. Pure.
PrecisionChoice choose_precision(const PrecisionRequest& request, const Environment& environment);

/// Throws PrecisionError, naming what the device has, where it cannot compute in `precision`.
void require_offered(Precision precision, const Backend& backend);

/// Throws the PrecisionError of packed inference on an fp32 model; accepts the others.
void require_packable(Precision precision);

}  // namespace virnucpro
