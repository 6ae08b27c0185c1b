// What this machine offers this process: cores, the processor's name, its instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "backend/cpu/instruction_set.h"

namespace virnucpro {

/// The cores of the affinity mask, in rising order. Where the mask is not known: as many numbers as
/// there are processors.
std::vector<int> allowed_cores();

/// Cores of CPU time that the control group allows, 1.5 for one and a half; infinity for no limit.
double core_quota();

/// Cores in this process's affinity mask, at most its control group's quota rounded up; at least 1.
std::size_t usable_cores();

/// "AMD EPYC 9654", or "processor" where the system does not say.
std::string processor_name();

/// The best Highway target that was compiled and that this processor supports; in tests, the one
/// that they chose. Kernels run on it.
std::int64_t kernel_target();

/// The instruction set of this processor as the system lists it; read once.
const InstructionSet& instruction_set();

}  // namespace virnucpro
