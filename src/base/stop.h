// What long work does when it is asked to stop.
#pragma once

#include <stop_token>

#include "base/errors.h"

namespace virnucpro {

/// Throws Interrupted with this text once a stop has been requested.
inline void throw_if_stopped(const std::stop_token& stop,
                             const char* text = "stopped on request; run the same command again") {
  if (stop.stop_requested()) throw Interrupted(text);
}

}  // namespace virnucpro
