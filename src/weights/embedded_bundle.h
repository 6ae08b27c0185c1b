// The bundle that is compiled into the program, so that a fresh clone gives real calls.
#pragma once

#include "weights/bundle.h"

namespace virnucpro {

inline constexpr const char* kEmbeddedBundle = "mini";

/// Opens the embedded bundle; its bytes live as long as the program. Thread-safe.
Bundle embedded_bundle();

}  // namespace virnucpro
