// Says whether another precision would be much faster.
#pragma once

#include <span>
#include <string>

#include "backend/precision_cost.h"

namespace virnucpro {

/// One line that names the precisions expected to be at least 1.5 times as fast as `current`, and
/// their accuracy; empty when there is none. Pure.
std::string precision_advice(std::span<const PrecisionCost> costs, Precision current);

}  // namespace virnucpro
