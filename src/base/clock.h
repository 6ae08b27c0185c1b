// The wall clock as text.
#pragma once

#include <string>

namespace virnucpro {

/// Now, in UTC: "2026-01-31T23:59:59Z". For users and files; durations use the monotonic clock.
std::string utc_now();

}  // namespace virnucpro
