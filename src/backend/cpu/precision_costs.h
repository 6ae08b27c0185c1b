// How a processor computes in each precision.
#pragma once

#include <vector>

#include "backend/precision_cost.h"

namespace virnucpro {

enum class CpuProduct;
struct InstructionSet;

/// The products that dense layers in float16, bfloat16 and int8 use (cpu_product()).
struct CpuProducts {
  CpuProduct float16;
  CpuProduct bfloat16;
  CpuProduct int8;
};

/// One entry per precision that processors have, in the order of kPrecisions. Pure.
std::vector<PrecisionCost> precision_costs(const CpuProducts& products, const InstructionSet& set);

/// The same for this processor.
std::vector<PrecisionCost> precision_costs();

}  // namespace virnucpro
