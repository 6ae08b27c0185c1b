#include "run/fault_report.h"

namespace virnucpro {

FaultReport& FaultReport::operator+=(const FaultReport& more) {
  out_of_memory += more.out_of_memory;
  nonfinite_batches += more.nonfinite_batches;
  recomputed_frames += more.recomputed_frames;
  failed_frames += more.failed_frames;
  lost_devices.insert(lost_devices.end(), more.lost_devices.begin(), more.lost_devices.end());
  return *this;
}

}  // namespace virnucpro
