#include "cli/terminal/transfer_meter.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "cli/terminal/progress.h"

namespace virnucpro::cli {
namespace {

/// Long enough to even out bursts, short enough to follow a network.
constexpr double kSecondsRemembered = 10;
constexpr double kShortestForRate = 0.5;
/// Longer estimates say nothing, and their digits need room.
constexpr double kLongestLeft = 100 * 3600.0;

/// "1.2 GB", "512 B".
std::string bytes_text(double bytes) {
  const std::string count = short_count(bytes);
  return count + (count.find(' ') == std::string::npos ? " B" : "B");
}

}  // namespace

void TransferMeter::add(std::uint64_t bytes, std::chrono::duration<double> elapsed) {
  samples_.push_back({elapsed.count(), bytes});
  while (samples_.size() > 2 &&
         samples_.back().seconds - samples_[1].seconds > kSecondsRemembered) {
    samples_.pop_front();
  }
}

std::optional<double> TransferMeter::rate() const {
  if (samples_.empty()) return std::nullopt;
  const double seconds = samples_.back().seconds - samples_.front().seconds;
  // A file that is begun anew takes bytes away.
  if (seconds < kShortestForRate || samples_.back().bytes < samples_.front().bytes) {
    return std::nullopt;
  }
  return static_cast<double>(samples_.back().bytes - samples_.front().bytes) / seconds;
}

std::string transfer_line(std::uint64_t bytes, std::optional<std::uint64_t> total,
                          std::optional<double> rate) {
  const auto there = static_cast<double>(bytes);
  std::string line = bytes_text(there);
  if (total && *total > 0) {
    const auto all = static_cast<double>(*total);
    line += fmt::format(" of {}, {:.1f}% done", bytes_text(all),
                        std::floor(std::min(1.0, there / all) * 1000) / 10);
  }
  if (!rate) return line;
  line += fmt::format(", {}/s", bytes_text(*rate));
  if (!total || *rate <= 0 || bytes >= *total) return line;
  const double left = (static_cast<double>(*total) - there) / *rate;
  if (left > kLongestLeft) return line;
  return line + fmt::format(", {} left", short_duration(std::chrono::seconds(std::llround(left))));
}

}  // namespace virnucpro::cli
