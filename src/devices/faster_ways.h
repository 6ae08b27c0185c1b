// What would make a run faster on the machine at hand.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "backend/cpu/precision_costs.h"
#include "devices/devices.h"
#include "models/precision_policy.h"
#include "tensor/precision.h"

namespace virnucpro {

/// How a run computes, and what else the machine has.
struct WayFacts {
  Precision precision = Precision::kFp16;
  bool packed = true;
  bool on_cpu = true;          ///< no GPU computes
  bool cpu_was_named = false;  ///< and so GPUs were not looked for
  CpuProducts products;        ///< of this processor
  std::size_t threads = 1;
  std::size_t cores = 1;  ///< that the process may use
};

/// Options with their reason, what helps most first; empty: nothing is known. Only ways that the
/// processor has in its instructions are named. Pure.
std::vector<std::string> faster_ways(const WayFacts& facts);

/// The same for a run on these workers of this machine.
std::vector<std::string> faster_ways(const PrecisionChoice& precision, const Workers& workers,
                                     bool cpu_was_named);

}  // namespace virnucpro
