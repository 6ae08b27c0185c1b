// Measures how long a stage was busy.
#pragma once

#include "base/stopwatch.h"

namespace virnucpro {

/// Adds the time of its scope to a counter.
class BusyTime {
 public:
  explicit BusyTime(double& seconds) : seconds_(seconds) {}
  ~BusyTime() { seconds_ += watch_.seconds(); }
  BusyTime(const BusyTime&) = delete;
  BusyTime& operator=(const BusyTime&) = delete;

 private:
  double& seconds_;
  Stopwatch watch_;
};

}  // namespace virnucpro
