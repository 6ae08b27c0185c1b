// How long a run will take, from its first batches and the part of the input that was read.
#pragma once

#include <cstddef>
#include <optional>

#include "models/encoder_kind.h"
#include "pipeline/progress.h"

namespace virnucpro {

/// What the estimate takes from the models and the devices.
struct CostFacts {
  PerEncoder<double> weights;  ///< of each encoder: work per token is in proportion to it
  std::size_t workers = 1;     ///< that compute side by side
};

struct RunCost {
  double seconds = 0.0;       ///< of the whole run
  double seconds_left = 0.0;  ///< of these
};

/// Expects the rest of the input to be like what was read, and each encoder to keep its pace; one
/// that has computed nothing yet gets that of the other, by its weights. `read_share`: the part of
/// the input that was read; absent: not known. Absent before the first batch, and where the size of
/// the input is not known. Pure.
std::optional<RunCost> expected_cost(const RunProgress& progress, std::optional<double> read_share,
                                     const CostFacts& facts);

}  // namespace virnucpro
