// How long a stage was busy.
#pragma once

#include <chrono>

namespace virnucpro {

/// Adds the time of its scope to a counter.
class BusyTime {
 public:
  using Clock = std::chrono::steady_clock;

  explicit BusyTime(double& seconds) : seconds_(seconds), start_(Clock::now()) {}
  ~BusyTime() { seconds_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
  BusyTime(const BusyTime&) = delete;
  BusyTime& operator=(const BusyTime&) = delete;

 private:
  double& seconds_;
  Clock::time_point start_;
};

}  // namespace virnucpro
