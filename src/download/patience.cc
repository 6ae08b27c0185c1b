#include "download/patience.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace virnucpro {
namespace {

using Seconds = Patience::Seconds;

/// Waits double from the first to the longest; with so many failures in a row, and not a byte
/// between them, the server is given up after a minute.
constexpr Seconds kFirstWait{0.25};
constexpr Seconds kLongestWait{60};
constexpr int kMostFailures = 8;
/// A server that asks for more patience than this is asked again by the user.
constexpr std::int64_t kLongestAskedWait = 900;

}  // namespace

Patience::Verdict Patience::after_failure(const std::string& text, std::int64_t seconds_asked,
                                          std::string_view kept, const Log& log) {
  Verdict verdict;
  if (++failures_ > kMostFailures) {
    verdict.given_up = fmt::format("{} Given up after {} attempts{}. Run the command again later.",
                                   text, failures_, kept);
    return verdict;
  }
  if (seconds_asked > kLongestAskedWait) {
    verdict.given_up = fmt::format("{} It asks to wait {} seconds{}. Run the command again then.",
                                   text, seconds_asked, kept);
    return verdict;
  }
  const Seconds own = std::min(kLongestWait, kFirstWait * std::pow(2.0, failures_ - 1));
  verdict.wait = std::max(own, Seconds(static_cast<double>(seconds_asked)));
  // The first failures are everyday; those that wait longer are worth a line.
  if (verdict.wait >= Seconds(4)) {
    log.warning("{} Trying again in {:.0f} s.", text, verdict.wait.count());
  } else {
    log.debug("{} Trying again in {:.1f} s.", text, verdict.wait.count());
  }
  return verdict;
}

}  // namespace virnucpro
