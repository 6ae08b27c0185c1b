// How fast bytes come, and how long the rest will take.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace virnucpro::cli {

/// Remembers the last seconds, because the rate of a network changes. Thread-confined.
class TransferMeter {
 public:
  /// `bytes` are there after `elapsed`; the first call sets the place to count from.
  void add(std::uint64_t bytes, std::chrono::duration<double> elapsed);
  /// Bytes a second of the last seconds; absent before half a second has passed.
  std::optional<double> rate() const;

 private:
  struct Sample {
    double seconds;
    std::uint64_t bytes;
  };
  std::deque<Sample> samples_;
};

/// "1.2 GB of 6.1 GB, 19.6% done, 45.3 MB/s, 1:50 left". Pure.
std::string transfer_line(std::uint64_t bytes, std::optional<std::uint64_t> total,
                          std::optional<double> rate);

}  // namespace virnucpro::cli
