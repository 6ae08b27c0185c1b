// Says in which precision a run computes, and what is known of it with these models.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/precision_policy.h"
#include "weights/measured_accuracy.h"

namespace virnucpro {

/// One line for users: the precision, how exact it was measured to be with this bundle, or that
/// this is unknown; and another precision that is as good as asked and was measured to be at least
/// a fifth faster on `device`, by its description. `known`: of the bundle and the expected length.
/// Pure.
std::string precision_line(const PrecisionChoice& choice, std::span<const MeasuredAccuracy> known,
                           const std::string& device);

/// A warning where the precision was measured to be less exact than it should be; else empty. Pure.
std::string accuracy_warning(Precision precision, std::span<const MeasuredAccuracy> known);

}  // namespace virnucpro
