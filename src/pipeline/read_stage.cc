#include "pipeline/read_stage.h"

#include <optional>
#include <utility>

#include "pipeline/busy_time.h"

namespace virnucpro {

ReadStage::ReadStage(RecordStream records, std::int64_t expected_length, WindowLimits limits,
                     FrameRule frames, BoundedQueue<Window*>& free, BoundedQueue<Window*>& filled,
                     ProgressMeter& progress)
    : builder_(std::move(records), expected_length, limits, frames),
      free_(free),
      filled_(filled),
      progress_(progress) {}

void ReadStage::run() {
  while (std::optional<Window*> window = free_.pop()) {
    bool more = false;
    {
      const BusyTime busy(seconds_);
      more = builder_.fill(**window);
    }
    const Intake& intake = builder_.intake();
    progress_.change([&](RunProgress& progress) {
      progress.records_read = intake.records;
      progress.bases_read = intake.bases;
      progress.chunks_read = intake.chunks;
      progress.frames_found = intake.orfs;
      progress.reading_done = !more;
    });
    if (!more) return filled_.close();
    if (!filled_.push(*window)) return;
  }
}

}  // namespace virnucpro
