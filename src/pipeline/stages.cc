#include "pipeline/stages.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <mutex>

#include "base/bounded_queue.h"
#include "base/check.h"
#include "base/errors.h"
#include "pipeline/busy_time.h"
#include "pipeline/stage_threads.h"
#include "pipeline/task_queue.h"

namespace virnucpro {
namespace {

using Clock = std::chrono::steady_clock;

/// Counters of all threads, passed on at most five times a second.
class ProgressMeter {
 public:
  explicit ProgressMeter(ProgressSink* sink) : sink_(sink), start_(Clock::now()) {}

  template <typename Change>
  void change(Change&& change, bool always = false) {
    std::lock_guard lock(mutex_);
    change(progress_);
    const Clock::time_point now = Clock::now();
    if (sink_ == nullptr || (!always && now < next_)) return;
    progress_.seconds = std::chrono::duration<double>(now - start_).count();
    next_ = now + std::chrono::milliseconds(200);
    sink_->update(progress_);
  }

 private:
  ProgressSink* sink_;
  const Clock::time_point start_;
  std::mutex mutex_;
  Clock::time_point next_;
  RunProgress progress_;
};

struct BatchTask {
  Window* window = nullptr;
  EncoderKind encoder = EncoderKind::kDnabertS;
  std::span<const std::uint32_t> members;  ///< of the window's plan
  std::uint64_t number = 0;                ///< of the batch, for messages
  bool is_computed = false;                ///< only the scores of the window are missing
};

/// For the writer: a batch whose features are there, or a whole window.
struct Done {
  Window* window = nullptr;
  bool is_whole = false;
  BatchTask batch;
};

/// One being read, one tokenised, one written, and two for the workers: the batches of a window's
/// end and those of the next one's beginning run side by side.
constexpr std::size_t kWindowsBesideWorkers = 4;

constexpr const char* kStopped = "stopped on request before the end";

class Stages {
 public:
  Stages(const StagePlan& plan, std::stop_token stop);
  StageReport run();

 private:
  void read();
  void tokenize();
  void tokenize(Window& window, RepeatFinder& repeats);
  void plan_batches(Window& window);
  void work(std::size_t worker);
  bool run_task(BatchTask& task, DeviceWorker& worker);
  void keep_in_time(BatchTask& task, const DeviceWorker& worker);
  void group_by_device();
  bool lose_device(std::size_t worker, const DeviceError& error);
  std::atomic<bool>& is_lost(std::size_t worker) { return lost_[device_of_[worker]]; }
  void write();
  void write(Window& window, RepeatedResults& repeated, RepeatOwners& owners);
  void settle(Window& window);
  void count_failures(const Window& window);
  void cancel();

  const StagePlan& plan_;
  const std::stop_token stop_;
  const FeatureLayout layout_;
  const std::size_t result_floats_;  // of one ORF
  const RepeatLimits repeats_;
  StageReport report_;
  ProgressMeter progress_;
  Faults faults_;

  std::vector<std::unique_ptr<Window>> windows_;
  BoundedQueue<Window*> free_;
  BoundedQueue<Window*> filled_;
  TaskQueue<BatchTask> tasks_;
  BoundedQueue<Done> done_;
  std::vector<DeviceWorker> workers_;
  std::vector<std::size_t> device_of_;            // by worker: a position in report_.devices
  std::vector<std::atomic<bool>> lost_;           // by device
  std::atomic<std::size_t> workers_left_;         // threads
  std::atomic<std::size_t> devices_left_;         // that are not lost
  std::atomic<std::uint64_t> shared_batches_{0};  // parts that were left to others
  std::atomic<bool> is_cancelled_{false};
  std::map<std::uint64_t, std::string> failures_;  // by number of the ORF; the writer's
};

Stages::Stages(const StagePlan& plan, std::stop_token stop)
    : plan_(plan),
      stop_(std::move(stop)),
      layout_{static_cast<std::size_t>(plan.dnabert_width),
              static_cast<std::size_t>(plan.esm2_width)},
      result_floats_(plan.classify ? 2 : layout_.row()),
      repeats_(plan.repeats.value_or(repeat_limits(result_floats_))),
      progress_(plan.progress),
      faults_(plan.log, plan.batch_tokens),
      free_(plan.engines.size() + kWindowsBesideWorkers),
      filled_(1),
      tasks_(4 * plan.engines.size()),
      done_(2 * plan.engines.size() + kWindowsBesideWorkers),
      lost_(plan.engines.size()),
      workers_left_(plan.engines.size()),
      devices_left_(0) {
  check(!plan.engines.empty(), "a run without a device");
  check(plan.dnabert_width > 0 && plan.esm2_width > 0, "embedding widths {} and {}",
        plan.dnabert_width, plan.esm2_width);
  for (std::size_t i = 0; i < plan.engines.size() + kWindowsBesideWorkers; ++i) {
    windows_.push_back(std::make_unique<Window>());
    free_.push(windows_.back().get());
  }
  const std::function<double()> clock = plan.clock ? plan.clock : [start = Clock::now()] {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  for (Engine* engine : plan.engines) workers_.emplace_back(*engine, layout_, faults_, clock);
  group_by_device();
}

void Stages::group_by_device() {
  for (const Engine* engine : plan_.engines) {
    const std::string name = engine->name();
    auto device = std::ranges::find(report_.devices, name, &StageReport::Device::name);
    if (device == report_.devices.end()) {
      device = report_.devices.insert(device, {.name = name});
    }
    ++device->workers;
    device_of_.push_back(static_cast<std::size_t>(device - report_.devices.begin()));
  }
  devices_left_ = report_.devices.size();
}

StageReport Stages::run() {
  StageThreads threads([this] { cancel(); });
  {
    // Made before: nothing may throw where the request comes.
    const std::exception_ptr stopped = std::make_exception_ptr(Interrupted(kStopped));
    const std::stop_callback on_stop(stop_, [&] { threads.fail(stopped); });
    threads.add([this] { read(); });
    threads.add([this] { tokenize(); });
    for (std::size_t i = 0; i < plan_.engines.size(); ++i) threads.add([this, i] { work(i); });
    threads.add([this] { write(); });
    threads.run();
  }
  faults_.require_a_result(/*is_end=*/true);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const DeviceWorker& worker = workers_[i];
    StageReport::Device& device = report_.devices[device_of_[i]];
    report_.dnabert_s.seconds += worker.seconds(EncoderKind::kDnabertS);
    report_.esm2.seconds += worker.seconds(EncoderKind::kEsm2);
    report_.classify_seconds += worker.classify_seconds();
    device.batches += worker.batches();
    device.dnabert_s_tokens += worker.tokens(EncoderKind::kDnabertS);
    device.esm2_tokens += worker.tokens(EncoderKind::kEsm2);
    device.busy_seconds += worker.seconds(EncoderKind::kDnabertS) +
                           worker.seconds(EncoderKind::kEsm2) + worker.classify_seconds();
  }
  report_.batches += shared_batches_.load();
  report_.faults = faults_.report();
  check(
      report_.orfs_computed + report_.orfs_recalled + report_.orfs_repeated == report_.intake.orfs,
      "{} ORFs computed, {} recalled and {} repeated of {}", report_.orfs_computed,
      report_.orfs_recalled, report_.orfs_repeated, report_.intake.orfs);
  return report_;
}

/// Nothing new begins. What is done still reaches the writer, which ends after the last worker.
void Stages::cancel() {
  is_cancelled_.store(true);
  free_.cancel();
  filled_.cancel();
  tasks_.cancel();
}

void Stages::read() {
  WindowBuilder builder(plan_.records, plan_.expected_length, plan_.limits);
  while (std::optional<Window*> window = free_.pop()) {
    bool more = false;
    {
      const BusyTime busy(report_.read_seconds);
      more = builder.fill(**window);
    }
    const Intake& intake = builder.intake();
    progress_.change([&](RunProgress& progress) {
      progress.records_read = intake.records;
      progress.bases_read = intake.bases;
      progress.chunks_read = intake.chunks;
      progress.frames_found = intake.orfs;
      progress.reading_done = !more;
    });
    if (!more) {
      report_.intake = intake;
      filled_.close();
      return;
    }
    if (!filled_.push(*window)) return;
  }
}

/// Tokens and batches of the ORFs that no earlier one is equal to and nobody has kept.
void Stages::tokenize(Window& window, RepeatFinder& repeats) {
  const BusyTime busy(report_.tokenize_seconds);
  const std::size_t count = window.orfs.size();
  window.features.reserve((plan_.limits.orfs + kFrameCount) * layout_.row());  // its largest
  window.features.assign(count * layout_.row(), 0.0f);
  if (plan_.journal != nullptr) plan_.journal->recall(window);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view nucleotides = window.nucleotides_of(i);
    const std::string_view protein = window.protein_of(i);
    window.routes.push_back(repeats.find(nucleotides, protein));
    if (window.routes.back().is_repeat()) {
      ++report_.orfs_repeated;
      continue;
    }
    const unsigned kept = window.kept.empty() ? 0u : window.kept[i];
    if ((kept & Window::kResultKept) != 0) {
      ++report_.orfs_recalled;
      continue;
    }
    ++report_.orfs_computed;
    window.needs_scores = true;
    const auto orf = static_cast<std::uint32_t>(i);
    if ((kept & Window::kDnabertSKept) == 0) {
      window.dna_orfs.push_back(orf);
      window.dna_tokens.append([&](auto& ids) { plan_.tokenize_dna(nucleotides, ids); });
    }
    if ((kept & Window::kEsm2Kept) == 0) {
      window.protein_orfs.push_back(orf);
      window.protein_tokens.append([&](auto& ids) { plan_.tokenize_protein(protein, ids); });
    }
  }
  plan_batches(window);
}

void Stages::plan_batches(Window& window) {
  const auto plan = plan_.packed ? plan_packed : plan_padded;
  const std::int64_t tokens = faults_.batch_tokens();
  plan(window.dna_tokens.lengths(), tokens, window.dna_plan);
  plan(window.protein_tokens.lengths(), tokens, window.protein_plan);
  report_.dnabert_s.tokens += window.dna_plan.tokens;
  report_.dnabert_s.capacity += window.dna_plan.capacity;
  report_.esm2.tokens += window.protein_plan.tokens;
  report_.esm2.capacity += window.protein_plan.capacity;
  window.first_batch = report_.batches;
  window.batches_left = window.dna_plan.batches() + window.protein_plan.batches();
  report_.batches += window.dna_plan.batches() + window.protein_plan.batches();
  ++report_.windows;
}

void Stages::tokenize() {
  RepeatFinder repeats(repeats_);
  while (std::optional<Window*> next = filled_.pop()) {
    Window& window = **next;
    tokenize(window, repeats);
    const std::size_t finished = window.orfs.size() - window.protein_orfs.size();
    progress_.change([&](RunProgress& progress) { progress.frames_embedded += finished; });
    const std::size_t dna_batches = window.dna_plan.batches();
    const std::size_t protein_batches = window.protein_plan.batches();
    if (dna_batches + protein_batches == 0) {
      // Scores that nobody kept can still be missing: of embeddings that were.
      if (!tasks_.push({&window, EncoderKind::kEsm2, {}, 0, /*is_computed=*/true})) return;
      continue;
    }
    // A window belongs to the workers and the writer from its last push on.
    std::uint64_t number = window.first_batch;
    for (std::size_t b = 0; b < dna_batches; ++b, ++number) {
      if (!tasks_.push({&window, EncoderKind::kDnabertS, window.dna_plan.batch(b), number})) return;
    }
    for (std::size_t b = 0; b < protein_batches; ++b, ++number) {
      if (!tasks_.push({&window, EncoderKind::kEsm2, window.protein_plan.batch(b), number})) return;
    }
  }
  // Cancelled or drained; when cancelled, closing changes nothing.
  tasks_.close();
}

/// The last worker to leave, in whatever way, tells the writer.
void Stages::work(std::size_t worker) {
  struct Leaving {
    Stages& stages;
    ~Leaving() {
      if (stages.workers_left_.fetch_sub(1) == 1) stages.done_.close();
    }
  } const leaving{*this};
  Engine& engine = *plan_.engines[worker];
  try {
    engine.start();
  } catch (const DeviceError& error) {
    if (lose_device(worker, error)) throw;
    return;
  }
  while (std::optional<BatchTask> task = tasks_.pop()) {
    if (is_lost(worker)) return tasks_.give_back(*task);
    try {
      const bool goes_on = run_task(*task, workers_[worker]);
      tasks_.finish();
      if (!goes_on) return;
    } catch (const DeviceError& error) {
      tasks_.give_back(*task);
      if (lose_device(worker, error)) throw;
      return;
    } catch (const Interrupted&) {  // a backend that looked at the stop before its batch was done
      throw Interrupted(kStopped);
    }
  }
}

/// True when it was the last one. Of the workers of a device the first says that it is lost.
bool Stages::lose_device(std::size_t worker, const DeviceError& error) {
  if (is_lost(worker).exchange(true)) return false;
  const std::size_t left = devices_left_.fetch_sub(1) - 1;
  faults_.lost(report_.devices[device_of_[worker]].name, left, error.what());
  return left == 0;
}

/// Leaves in `task` what the worker computes in time; any worker may take the rest.
void Stages::keep_in_time(BatchTask& task, const DeviceWorker& worker) {
  const std::size_t count = worker.in_time(*task.window, task.encoder, task.members);
  if (count == task.members.size()) return;
  BatchTask rest = task;
  rest.members = task.members.subspan(count);
  task.members = task.members.first(count);
  task.window->batches_left.fetch_add(1);
  ++shared_batches_;
  tasks_.share(std::move(rest));
}

/// False when the writer is gone. After a DeviceError `task` is what is left of it.
bool Stages::run_task(BatchTask& task, DeviceWorker& worker) {
  Window& window = *task.window;
  if (!task.is_computed) {
    if (plan_.time_sized) keep_in_time(task, worker);
    worker.embed(window, task.encoder, task.members, task.number);
    progress_.change([&](RunProgress& progress) {
      if (task.encoder == EncoderKind::kEsm2) progress.frames_embedded += task.members.size();
    });
    if (plan_.journal != nullptr && !done_.push({&window, false, task})) return false;
    // The last batch of a window sees what the other workers wrote: fetch_sub orders the writes.
    if (window.batches_left.fetch_sub(1) > 1) return true;
    task.is_computed = true;
  }
  if (plan_.classify) worker.classify(window);
  return done_.push({&window, true, {}});
}

/// Gives ORFs without embeddings their result, in window.scores or .features and .failures.
void Stages::settle(Window& window) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  std::vector<float>& results = plan_.classify ? window.scores : window.features;
  const auto fail = [&](std::uint32_t orf, const std::string& reason) {
    std::fill_n(results.begin() + static_cast<std::ptrdiff_t>(orf * result_floats_), result_floats_,
                none);
    const auto [entry, is_new] = window.failures.emplace(orf, reason);
    // Both encoders may have failed; which of them came first must not matter.
    if (!is_new) entry->second = std::min(entry->second, reason);
  };
  for (const Window::Settled& settled : window.settled) {
    if (!settled.failure.empty()) {
      fail(settled.orf, settled.failure);
    } else {
      check(plan_.classify, "scores were kept for a run that gives none");
      const std::span<float, 2> scores = window.scores_of(settled.orf);
      scores[0] = settled.p_others;
      scores[1] = settled.p_virus;
    }
  }
  for (std::uint32_t i = 0; plan_.classify && i < window.orfs.size(); ++i) {
    const std::span<const float, 2> scores = window.scores_of(i);
    if (std::isfinite(scores[0]) && std::isfinite(scores[1])) continue;
    if (!window.has_failed(i)) fail(i, nonfinite_reason_of_classifier());
  }
}

/// The one place where failures are counted, whatever they come from. A chunk with a failure gives
/// no call, so its other frames are left out of classified runs, too.
void Stages::count_failures(const Window& window) {
  const auto is_recalled = [&](std::uint32_t orf) {
    return !window.kept.empty() && (window.kept[orf] & Window::kResultKept) != 0;
  };
  std::uint32_t end = 0;
  for (const Window::ChunkEntry& chunk : window.chunks) {
    std::uint64_t failed = 0;
    std::uint64_t computed = 0;
    const std::uint32_t begin = end;
    end += static_cast<std::uint32_t>(chunk.orf_count);
    for (std::uint32_t orf = begin; orf < end; ++orf) {
      const auto failure = window.failures.find(orf);
      const bool has_failed = failure != window.failures.end();
      faults_.settled(has_failed ? std::string_view(failure->second) : std::string_view());
      if (is_recalled(orf)) continue;
      ++computed;
      if (!has_failed) continue;
      ++failed;
      if (window.same_as[orf] != Window::kOwnResult) continue;
      faults_.failed(window.frame_ids({&orf, 1}).front(), failure->second);
    }
    if (failed > 0) faults_.left_out(plan_.classify ? computed : failed);
  }
}

void Stages::write(Window& window, RepeatedResults& repeated, RepeatOwners& owners) {
  const BusyTime busy(report_.write_seconds);
  settle(window);
  repeated.complete(window.routes, plan_.classify ? window.scores : window.features);
  owners.append(window.routes, window.first_orf, Window::kOwnResult, window.same_as);
  for (const auto& [orf, reason] : window.failures) {
    failures_.emplace(window.first_orf + orf, reason);
  }
  for (std::uint32_t i = 0; !failures_.empty() && i < window.same_as.size(); ++i) {
    const auto failure = failures_.find(window.same_as[i]);
    if (failure != failures_.end()) window.failures.emplace(i, failure->second);
  }
  count_failures(window);
  faults_.require_a_result(/*is_end=*/false);
  plan_.take(window);
  if (plan_.journal != nullptr) plan_.journal->window_done(window);
}

void Stages::write() {
  std::map<std::uint64_t, Window*> waiting;  // as many as there are windows, at most
  RepeatedResults repeated(repeats_, result_floats_);
  RepeatOwners owners(repeats_);
  std::uint64_t expected = 0;
  std::uint64_t records = 0;
  Journal* const journal = plan_.journal;
  // Workers must not wait for a writer that is gone.
  struct Leaving {
    BoundedQueue<Done>& done;
    ~Leaving() { done.cancel(); }
  } const leaving{done_};
  for (;;) {
    if (journal != nullptr && !done_.wait_until(journal->due())) {
      journal->save(faults_.report());
      continue;
    }
    const std::optional<Done> next = done_.pop();
    if (!next) break;
    if (!next->is_whole) {
      const bool is_dna = next->batch.encoder == EncoderKind::kDnabertS;
      std::vector<std::uint32_t> orfs;
      for (const std::uint32_t member : next->batch.members) {
        orfs.push_back((is_dna ? next->window->dna_orfs : next->window->protein_orfs)[member]);
      }
      journal->batch_done(*next->window, next->batch.encoder, orfs);
    } else {
      waiting.emplace(next->window->number, next->window);
    }
    while (!waiting.empty() && waiting.begin()->first == expected) {
      Window& window = *waiting.begin()->second;
      write(window, repeated, owners);
      for (const Window::Part& part : window.parts) records += part.ends ? 1 : 0;
      waiting.erase(waiting.begin());
      ++expected;
      window.clear();  // gives the records back now, not when the window is filled again
      progress_.change([&](RunProgress& progress) { progress.records_finished = records; });
      free_.push(&window);  // refused when the run is being stopped
    }
    if (journal != nullptr && Journal::Clock::now() >= journal->due())
      journal->save(faults_.report());
  }
  if (journal != nullptr) journal->save(faults_.report());
  check(waiting.empty() || is_cancelled_.load(), "window {} was lost between the stages", expected);
  progress_.change([&](RunProgress& progress) { progress.records_finished = records; }, true);
}

}  // namespace

StageReport run_stages(const StagePlan& plan, std::stop_token stop) {
  return Stages(plan, std::move(stop)).run();
}

}  // namespace virnucpro
