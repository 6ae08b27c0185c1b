// Text formatting: the one door through which fmt comes into the other modules.
#pragma once

#include <fmt/format.h>  // IWYU pragma: export
