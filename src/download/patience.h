// How often, and after how long, a server that fails is asked again.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.h"

namespace virnucpro {

/// Counts the failures in a row, without a byte between them. Thread-confined.
class Patience {
 public:
  using Seconds = std::chrono::duration<double>;
  struct Verdict {
    Seconds wait{0};
    std::string given_up;  ///< the message, where nothing is tried again
  };

  /// Bytes came.
  void restore() { failures_ = 0; }
  /// What to do after one more failure, for which the server asks to wait; a wait is logged.
  /// `kept`, which may be empty, says in the message what is not lost.
  Verdict after_failure(const std::string& text, std::int64_t seconds_asked, std::string_view kept,
                        const Log& log);

 private:
  int failures_ = 0;
};

}  // namespace virnucpro
