// Shows how far a run is: a line that rewrites itself on a terminal, a line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/work_progress.h"

namespace virnucpro::cli {

class Console;

/// The work done so far.
struct ProgressCounts {
  std::uint64_t records = 0;
  std::uint64_t chunks = 0;
  /// Finished frames, of those found so far.
  std::uint64_t frames = 0;
  std::uint64_t frames_found = 0;
  std::uint64_t bytes_read = 0;
  /// Absent for standard input and other inputs of unknown size.
  std::optional<std::uint64_t> bytes_total = std::nullopt;
  bool reading_done = false;
  /// What is left by a better measure than done(): set, it is shown instead.
  std::optional<double> seconds_left = std::nullopt;

  /// The part of the whole work that is done, 0 to 1; absent when the size of the input is unknown.
  std::optional<double> done() const;
};

/// "1.2 k", "34.5 M": three digits and a unit. Pure.
std::string short_count(double value);
/// "0:07", "12:34", "1:02:03". Pure.
std::string short_duration(std::chrono::seconds duration);

/// "25 minutes", "3.4 hours", "2.1 days": two digits, for estimates. Pure.
std::string duration_text(double seconds);

/// The text of one progress line. Pure.
std::string progress_line(const ProgressCounts& counts, std::chrono::duration<double> elapsed);
/// The same of any other work. `share` of it is done, where the state does not say; `elapsed` is
/// since the step began. Pure.
std::string work_line(const WorkState& state, std::optional<double> share,
                      std::chrono::duration<double> elapsed);

/// Shows counts as they come, as often as the place allows: up to five times a second on a
/// terminal, every 30 seconds as a log line elsewhere. Thread-safe; `console` must outlive it.
class ProgressDisplay {
 public:
  using Clock = std::chrono::steady_clock;
  using Now = std::function<Clock::time_point()>;

  ProgressDisplay(Console& console, Log log, bool enabled, Now now = Clock::now);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// True when update() would show something now: cheap, for callers that must gather counts.
  bool is_due();
  void update(const ProgressCounts& counts);
  /// The same for other work: `line` makes the text, and is called only where it is shown.
  void update(const std::function<std::string(std::chrono::duration<double> elapsed)>& line);
  /// The time left is that of the step, which begins when `doing` changes.
  void update(const WorkState& state, std::optional<double> share = {});

 private:
  /// Shows `line` and sets when the next one is due.
  void show(const std::string& line, Clock::time_point now);

  Console& console_;
  const Log log_;
  const bool enabled_;
  const bool on_terminal_;
  const Now now_;
  const Clock::time_point start_;
  std::mutex mutex_;
  Clock::time_point next_;
  std::string step_;  // what was done last, and since when
  Clock::time_point step_start_;
};

}  // namespace virnucpro::cli
