// What this machine offers: usable cores and the processor's name.
#pragma once

#include <cstddef>
#include <string>

namespace virnucpro {

/// Cores in this process's affinity mask, at most its control group's quota rounded up; at least 1.
std::size_t usable_cores();

/// "AMD EPYC 9654", or "processor" where the system does not say.
std::string processor_name();

}  // namespace virnucpro
