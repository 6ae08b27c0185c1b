// Starts threads; the system may refuse them.
#pragma once

#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/errors.h"

namespace virnucpro {

inline std::string no_thread_text(const std::error_code& code) {
  return "the system starts no more threads (" + code.message() +
         "); use fewer --threads, or raise the limit of processes ('ulimit -u', 'pids' of a "
         "container) or of memory ('ulimit -v')";
}

/// A thread that runs `body`, which must not throw. ResourceError when the system refuses it:
/// threads that wait for this one would then wait forever, so the caller ends those it has started.
template <typename Body>
std::thread start_thread(Body&& body) {
  try {
    return std::thread(std::forward<Body>(body));
  } catch (const std::system_error& error) {
    throw ResourceError(no_thread_text(error.code()));
  }
}

}  // namespace virnucpro
