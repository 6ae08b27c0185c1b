// The faults of a run that did not end it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
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

/// The JSON object of run.json, on one line.
std::string fault_text(const FaultReport& faults);

/// Throws InputError, naming `place`, when the text is not one of fault_text().
FaultReport parse_fault_text(std::string_view text, const std::string& place);

}  // namespace virnucpro
