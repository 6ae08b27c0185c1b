#include "pipeline/stages.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/bounded_queue.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/stopwatch.h"
#include "pipeline/progress_meter.h"
#include "pipeline/read_stage.h"
#include "pipeline/stage_messages.h"
#include "pipeline/stage_threads.h"
#include "pipeline/task_queue.h"

namespace virnucpro {
namespace {

/// One window is read, one tokenised, one written, and two are for the workers: the last batches of
/// a window and the first ones of the next run side by side.
constexpr std::size_t kWindowsBesideWorkers = 4;

FeatureLayout layout_of(const StagePlan& plan) {
  FeatureLayout layout;
  for (const EncoderKind kind : kEncoderKinds) {
    layout.widths[kind] = static_cast<std::size_t>(plan.lanes[kind].width);
  }
  return layout;
}

/// One GPU computes what one thread can tokenise; the CPU computes for much longer.
std::size_t device_count(const StagePlan& plan) {
  std::set<std::string> names;
  for (const Engine* engine : plan.engines) names.insert(engine->name());
  return names.size();
}

std::function<double()> clock_of(const StagePlan& plan) {
  if (plan.clock) return plan.clock;
  return [watch = Stopwatch()] { return watch.seconds(); };
}

/// The windows of a run, its queues and the stages between them.
class Stages {
 public:
  explicit Stages(const StagePlan& plan);
  StageReport run(const std::stop_token& stop);

 private:
  PrepareStage::Options prepare_options() const;
  DeviceStage::Options device_options() const;
  WriteStage::Options write_options() const;
  void cancel();
  StageReport report() const;

  const StagePlan& plan_;
  const FeatureLayout layout_;
  const std::size_t result_floats_;  // of one ORF
  const RepeatLimits repeats_;
  ProgressMeter progress_;
  Faults faults_;

  std::vector<std::unique_ptr<Window>> windows_;
  BoundedQueue<Window*> free_;
  BoundedQueue<Window*> filled_;
  TaskQueue<BatchTask> tasks_;
  BoundedQueue<Done> done_;

  ReadStage read_;
  PrepareStage prepare_;
  DeviceStage compute_;
  WriteStage write_;
};

Stages::Stages(const StagePlan& plan)
    : plan_(plan),
      layout_(layout_of(plan)),
      result_floats_(plan.classify ? 2 : layout_.row()),
      repeats_(plan.repeats.value_or(repeat_limits(result_floats_))),
      progress_(plan.progress),
      faults_(plan.log, plan.batch_tokens),
      free_(plan.engines.size() + kWindowsBesideWorkers),
      filled_(1),
      tasks_(4 * plan.engines.size()),
      done_(2 * plan.engines.size() + kWindowsBesideWorkers),
      read_(plan.records, plan.expected_length, plan.limits, plan.frames, free_, filled_,
            progress_),
      prepare_(prepare_options(), faults_, filled_, tasks_, progress_),
      compute_(device_options(), tasks_, done_, faults_, progress_),
      write_(write_options(), done_, free_, faults_, progress_) {
  for (const StagePlan::Lane& lane : plan.lanes) {
    check(lane.width > 0, "an embedding width of {}", lane.width);
  }
  for (std::size_t i = 0; i < plan.engines.size() + kWindowsBesideWorkers; ++i) {
    windows_.push_back(std::make_unique<Window>());
    free_.push(windows_.back().get());
  }
}

PrepareStage::Options Stages::prepare_options() const {
  PrepareStage::Options options{.tokenize = {},
                                .layout = layout_,
                                .most_orfs = plan_.limits.orfs,
                                .packed = plan_.packed,
                                .threads = device_count(plan_),
                                .repeats = repeats_,
                                .journal = plan_.journal};
  for (const EncoderKind kind : kEncoderKinds) options.tokenize[kind] = plan_.lanes[kind].tokenize;
  return options;
}

DeviceStage::Options Stages::device_options() const {
  return {.engines = plan_.engines,
          .layout = layout_,
          .classify = plan_.classify,
          .time_sized = plan_.time_sized,
          .tells_batches = plan_.journal != nullptr,
          .clock = clock_of(plan_)};
}

WriteStage::Options Stages::write_options() const {
  return {.classify = plan_.classify,
          .result_floats = result_floats_,
          .repeats = repeats_,
          .take = plan_.take,
          .journal = plan_.journal};
}

StageReport Stages::run(const std::stop_token& stop) {
  StageThreads threads([this] { cancel(); });
  {
    // Made in advance, because nothing may throw where the request arrives.
    const std::exception_ptr stopped = std::make_exception_ptr(Interrupted(kStoppedOnRequest));
    const std::stop_callback on_stop(stop, [&] { threads.fail(stopped); });
    threads.add([this] { read_.run(); });
    threads.add([this] { prepare_.run(); });
    for (std::size_t i = 0; i < plan_.engines.size(); ++i) {
      threads.add([this, i] { compute_.run(i); });
    }
    threads.add([this] { write_.run(); });
    threads.run();
  }
  check(write_.waiting() == 0, "window {} was lost between the stages", write_.written());
  faults_.require_a_result(/*is_end=*/true);
  return report();
}

/// Nothing new begins. Finished work still reaches the writer, which ends after the last worker.
void Stages::cancel() {
  free_.cancel();
  filled_.cancel();
  tasks_.cancel();
}

StageReport Stages::report() const {
  const PrepareStage::Counts& counts = prepare_.counts();
  StageReport report;
  report.intake = read_.intake();
  report.orfs_computed = counts.orfs_computed;
  report.orfs_recalled = counts.orfs_recalled;
  report.orfs_repeated = counts.orfs_repeated;
  report.faults = faults_.report();
  report.windows = counts.windows;
  report.batches = counts.batches + compute_.shared_batches();
  report.devices = compute_.devices();
  for (const EncoderKind kind : kEncoderKinds) {
    StageReport::Encoder& encoder = report.encoders[kind];
    encoder.tokens = counts.encoders[kind].tokens;
    encoder.capacity = counts.encoders[kind].capacity;
    for (const DeviceWorker& worker : compute_.workers()) encoder.seconds += worker.seconds(kind);
  }
  report.read_seconds = read_.seconds();
  report.tokenize_seconds = counts.seconds;
  for (const DeviceWorker& worker : compute_.workers()) {
    report.classify_seconds += worker.classify_seconds();
  }
  report.write_seconds = write_.seconds();
  check(report.orfs_computed + report.orfs_recalled + report.orfs_repeated == report.intake.orfs,
        "{} ORFs computed, {} recalled and {} repeated of {}", report.orfs_computed,
        report.orfs_recalled, report.orfs_repeated, report.intake.orfs);
  return report;
}

}  // namespace

StageReport run_stages(const StagePlan& plan, std::stop_token stop) {
  return Stages(plan).run(stop);
}

}  // namespace virnucpro
