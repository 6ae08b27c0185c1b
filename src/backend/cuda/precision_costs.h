// How a GPU computes in each precision, by its compute capability.
#pragma once

#include <vector>

#include "backend/precision_cost.h"

namespace virnucpro {

/// One entry per precision that such a GPU has, in the order of kPrecisions. Pure.
std::vector<PrecisionCost> cuda_precision_costs(int major, int minor);

}  // namespace virnucpro
