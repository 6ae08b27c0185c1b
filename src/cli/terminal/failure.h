// Turns an exception into what the user sees: one message and an exit code.
#pragma once

#include <exception>
#include <span>
#include <string>
#include <string_view>

namespace virnucpro::cli {

struct Failure {
  int exit_code = 0;
  std::string message;
};

/// Throws nothing except std::bad_alloc. `error` must hold an exception.
Failure describe_failure(const std::exception_ptr& error);

/// The exit codes, for the help and the tests.
struct ExitCode {
  int code;
  std::string_view meaning;
};
std::span<const ExitCode> exit_codes();

inline constexpr int kExitUsage = 2;
inline constexpr int kExitModel = 3;
inline constexpr int kExitDevice = 4;
inline constexpr int kExitPrecision = 5;
// The values of BSD's sysexits.h, which workflow managers know.
inline constexpr int kExitInternal = 70;
inline constexpr int kExitOutput = 74;
inline constexpr int kExitInterrupted = 75;

}  // namespace virnucpro::cli
