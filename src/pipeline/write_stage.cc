#include "pipeline/write_stage.h"

#include <optional>
#include <utility>
#include <vector>

#include "pipeline/busy_time.h"
#include "pipeline/on_leaving.h"
#include "pipeline/ordered_writer.h"

namespace virnucpro {

WriteStage::WriteStage(Options options, BoundedQueue<Done>& done, BoundedQueue<Window*>& free,
                       Faults& faults, ProgressMeter& progress)
    : options_(std::move(options)),
      done_(done),
      free_(free),
      faults_(faults),
      progress_(progress),
      journal_(options_.journal, faults) {}

void WriteStage::run() {
  const OnLeaving leaving([this] { done_.cancel(); });
  WindowFinisher finisher(options_.classify, options_.result_floats, options_.repeats, faults_);
  OrderedWriter<Window*> windows([&](Window* window) {
    write(*window, finisher);
    recycle(*window);
  });
  while (const std::optional<Done> next = journal_.next_of(done_)) {
    if (next->is_whole) {
      windows.add(next->window->number, next->window);
    } else {
      tell_batch(next->batch);
    }
    journal_.save_if_due();
  }
  journal_.save();
  written_ = windows.next();
  waiting_ = windows.waiting();
  progress_.change([&](RunProgress& progress) { progress.records_finished = records_; }, true);
}

void WriteStage::tell_batch(const BatchTask& batch) {
  const std::vector<std::uint32_t>& items = batch.window->prepared.lanes[batch.encoder].orfs;
  std::vector<std::uint32_t> orfs;
  for (const std::uint32_t member : batch.members) orfs.push_back(items[member]);
  journal_.batch_done(*batch.window, batch.encoder, orfs);
}

void WriteStage::write(Window& window, WindowFinisher& finisher) {
  const BusyTime busy(seconds_);
  finisher.finish(window);
  faults_.require_a_result(/*is_end=*/false);
  options_.take(window);
  journal_.window_done(window);
}

void WriteStage::recycle(Window& window) {
  for (const Window::Part& part : window.read.parts) records_ += part.ends ? 1 : 0;
  window.clear();  // frees the records now, not when the window is filled again
  progress_.change([&](RunProgress& progress) { progress.records_finished = records_; });
  free_.push(&window);  // refused when the run is being stopped
}

}  // namespace virnucpro
