// Whether this build runs under sanitizers, where a program takes many times as long to start and
// to run.
#pragma once

namespace virnucpro::test {

#ifdef VIRNUCPRO_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace virnucpro::test
