// The faults of a run that did not end it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace virnucpro {

/// The faults of one process, or of all that have worked on a run. Plain data.
struct FaultReport {
  std::uint64_t out_of_memory = 0;      ///< batches that were halved
  std::uint64_t nonfinite_batches = 0;  ///< split to find the sequences at fault
  std::uint64_t recomputed_frames = 0;  ///< in FP32
  std::uint64_t failed_frames = 0;      ///< left out of the results, as in Ledger
  std::vector<std::string> lost_devices;

  bool operator==(const FaultReport&) const = default;
  FaultReport& operator+=(const FaultReport& more);
};

}  // namespace virnucpro
