#include "cli/terminal/progress.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/counted.h"
#include "base/format.h"
#include "cli/terminal/console.h"

namespace virnucpro::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Five times a second looks alive; more often would only cost time.
constexpr milliseconds kTerminalInterval{200};
// A log file of a day holds 2880 such lines.
constexpr seconds kLogInterval{30};
// Before this time the rate is mostly start-up.
constexpr double kShortestForRate = 0.5;

/// "1 record", "1.2 k records".
std::string short_counted(std::uint64_t count, std::string_view noun) {
  if (count == 1) return counted(count, noun);
  return fmt::format("{} {}s", short_count(static_cast<double>(count)), noun);
}

/// ", 12.3% done, 0:45 left": the time where there was enough to tell.
/// `seconds_left`: by a better measure than what is done.
std::string done_text(double done, std::chrono::duration<double> elapsed,
                      std::optional<double> seconds_left = std::nullopt) {
  std::string text = fmt::format(", {:.1f}% done", std::floor(done * 1000) / 10);
  if (elapsed.count() >= kShortestForRate && (done > 0 || seconds_left)) {
    const double left = seconds_left.value_or(elapsed.count() * (1 - done) / done);
    text += fmt::format(", {} left", short_duration(seconds(std::llround(left))));
  }
  return text;
}

std::string elapsed_text(std::chrono::duration<double> elapsed) {
  return fmt::format(", {} elapsed", short_duration(std::chrono::duration_cast<seconds>(elapsed)));
}

}  // namespace

std::string short_count(double value) {
  constexpr std::array kUnits = {"", " k", " M", " G", " T"};
  std::size_t unit = 0;
  // 999.95 would be printed as 1000.0.
  while (value >= (unit == 0 ? 1000 : 999.95) && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  if (unit == 0) return fmt::format("{:.0f}", std::floor(value));
  return fmt::format("{:.1f}{}", value, kUnits[unit]);
}

std::string short_duration(std::chrono::seconds duration) {
  const auto total = duration.count();
  if (total < 3600) return fmt::format("{}:{:02}", total / 60, total % 60);
  return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
}

std::string duration_text(double seconds) {
  if (seconds < 3600.0) {
    return counted(std::max<std::uint64_t>(1, std::llround(seconds / 60.0)), "minute");
  }
  if (seconds < 48.0 * 3600.0) return fmt::format("{:.1f} hours", seconds / 3600.0);
  return fmt::format("{:.1f} days", seconds / 86400.0);
}

std::optional<double> ProgressCounts::done() const {
  double part = 1;
  if (!reading_done) {
    if (!bytes_total || *bytes_total == 0) return std::nullopt;
    part = static_cast<double>(bytes_read) / static_cast<double>(*bytes_total);
  }
  // Reading is ahead of computing.
  if (frames_found > 0) part *= static_cast<double>(frames) / static_cast<double>(frames_found);
  return std::clamp(part, 0.0, 1.0);
}

std::string progress_line(const ProgressCounts& counts, std::chrono::duration<double> elapsed) {
  std::string line =
      fmt::format("{}, {}, {}", short_counted(counts.records, "record"),
                  short_counted(counts.chunks, "chunk"), short_counted(counts.frames, "frame"));
  if (elapsed.count() >= kShortestForRate) {
    line += fmt::format(", {} frames/s",
                        short_count(static_cast<double>(counts.frames) / elapsed.count()));
  }
  if (const std::optional<double> done = counts.done()) {
    line += done_text(*done, elapsed, counts.seconds_left);
  }
  return line + elapsed_text(elapsed);
}

std::string work_line(const WorkState& state, std::optional<double> share,
                      std::chrono::duration<double> elapsed) {
  std::string line(state.doing);
  if (state.total > 0) {
    share = std::clamp(static_cast<double>(state.done) / static_cast<double>(state.total), 0., 1.);
    line += fmt::format(": {} of {}", short_count(static_cast<double>(state.done)),
                        short_counted(state.total, state.noun));
  } else if (!state.noun.empty()) {
    line += ": " + short_counted(state.done, state.noun);
  }
  if (share) line += done_text(*share, elapsed);
  return line + elapsed_text(elapsed);
}

ProgressDisplay::ProgressDisplay(Console& console, Log log, bool enabled, Now now)
    : console_(console),
      log_(std::move(log)),
      enabled_(enabled),
      on_terminal_(console.has_terminal() && !console.is_json()),
      now_(std::move(now)),
      start_(now_()),
      next_(start_ +
            (on_terminal_ ? Clock::duration(kTerminalInterval) : Clock::duration(kLogInterval))),
      step_start_(start_) {}

ProgressDisplay::~ProgressDisplay() { console_.clear_status(); }

bool ProgressDisplay::is_due() {
  if (!enabled_) return false;
  const std::lock_guard lock(mutex_);
  return now_() >= next_;
}

void ProgressDisplay::update(const ProgressCounts& counts) {
  update([&](std::chrono::duration<double> elapsed) { return progress_line(counts, elapsed); });
}

void ProgressDisplay::update(
    const std::function<std::string(std::chrono::duration<double> elapsed)>& make_line) {
  if (!enabled_) return;
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = now_();
  if (now < next_) return;
  show(make_line(now - start_), now);
}

void ProgressDisplay::update(const WorkState& state, std::optional<double> share) {
  if (!enabled_) return;
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = now_();
  if (state.doing != step_) {
    step_ = state.doing;
    step_start_ = now;
    // The new step is named at once, unless the whole work is too short to be shown.
    if (on_terminal_ && now - start_ >= kTerminalInterval) next_ = now;
  }
  if (now < next_) return;
  show(work_line(state, share, now - step_start_), now);
}

void ProgressDisplay::show(const std::string& line, Clock::time_point now) {
  if (on_terminal_) {
    next_ = now + kTerminalInterval;
    console_.status(line);
  } else {
    next_ = now + kLogInterval;
    log_.info("{}", line);
  }
}

}  // namespace virnucpro::cli
