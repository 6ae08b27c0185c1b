#include "pipeline/stages.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>

#include "base/bounded_queue.h"
#include "base/check.h"
#include "base/errors.h"
#include "pipeline/stage_threads.h"

namespace virnucpro {
namespace {

using Clock = std::chrono::steady_clock;

/// Adds the time of its scope to a counter.
class BusyTime {
 public:
  explicit BusyTime(double& seconds) : seconds_(seconds), start_(Clock::now()) {}
  ~BusyTime() { seconds_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
  BusyTime(const BusyTime&) = delete;
  BusyTime& operator=(const BusyTime&) = delete;

 private:
  double& seconds_;
  Clock::time_point start_;
};

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
  std::size_t batch = 0;
};

/// One being read, one tokenised, one written, and two for the workers: the batches of a window's
/// end and those of the next one's beginning run side by side.
constexpr std::size_t kWindowsBesideWorkers = 4;

class Stages {
 public:
  Stages(const StagePlan& plan, std::stop_token stop);
  StageReport run();

 private:
  struct WorkerTimes {
    double dnabert_s = 0.0;
    double esm2 = 0.0;
    double classify = 0.0;
  };

  void read();
  void tokenize();
  void tokenize(Window& window, RepeatFinder& repeats);
  void work(std::size_t worker);
  void run_batch(const BatchTask& task, Engine& engine, WorkerTimes& times, PackedBatch& batch,
                 Embeddings& embeddings);
  void classify(Window& window, Engine& engine, WorkerTimes& times);
  void write();
  void cancel();

  const StagePlan& plan_;
  const std::stop_token stop_;
  const std::size_t width_;
  const std::size_t result_floats_;  // of one ORF
  const RepeatLimits repeats_;
  StageReport report_;
  ProgressMeter progress_;

  std::vector<std::unique_ptr<Window>> windows_;
  BoundedQueue<Window*> free_;
  BoundedQueue<Window*> filled_;
  BoundedQueue<BatchTask> tasks_;
  BoundedQueue<Window*> done_;
  std::vector<WorkerTimes> times_;
  std::atomic<std::size_t> workers_left_;
};

Stages::Stages(const StagePlan& plan, std::stop_token stop)
    : plan_(plan),
      stop_(std::move(stop)),
      width_(static_cast<std::size_t>(plan.dnabert_width + plan.esm2_width)),
      result_floats_(plan.classify ? 2 : width_),
      repeats_(plan.repeats.value_or(repeat_limits(result_floats_))),
      progress_(plan.progress),
      free_(plan.engines.size() + kWindowsBesideWorkers),
      filled_(1),
      tasks_(4 * plan.engines.size()),
      done_(plan.engines.size() + kWindowsBesideWorkers),
      times_(plan.engines.size()),
      workers_left_(plan.engines.size()) {
  check(!plan.engines.empty(), "a run without a device");
  check(plan.dnabert_width > 0 && plan.esm2_width > 0, "embedding widths {} and {}",
        plan.dnabert_width, plan.esm2_width);
  for (std::size_t i = 0; i < plan.engines.size() + kWindowsBesideWorkers; ++i) {
    windows_.push_back(std::make_unique<Window>());
    free_.push(windows_.back().get());
  }
}

StageReport Stages::run() {
  StageThreads threads([this] { cancel(); });
  {
    const std::stop_callback on_stop(stop_, [&threads] {
      threads.fail(std::make_exception_ptr(Interrupted(
          "stopped on request before the end; no result was written. Run the same command again")));
    });
    threads.start([this] { read(); });
    threads.start([this] { tokenize(); });
    for (std::size_t i = 0; i < plan_.engines.size(); ++i) threads.start([this, i] { work(i); });
    threads.start([this] { write(); });
    threads.join();
  }
  for (const WorkerTimes& times : times_) {
    report_.dnabert_s.seconds += times.dnabert_s;
    report_.esm2.seconds += times.esm2;
    report_.classify_seconds += times.classify;
  }
  check(report_.orfs_computed + report_.orfs_repeated == report_.intake.orfs,
        "{} ORFs computed and {} repeated of {}", report_.orfs_computed, report_.orfs_repeated,
        report_.intake.orfs);
  return report_;
}

void Stages::cancel() {
  free_.cancel();
  filled_.cancel();
  tasks_.cancel();
  done_.cancel();
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

/// Tokens and batches of the ORFs that no earlier one is equal to.
void Stages::tokenize(Window& window, RepeatFinder& repeats) {
  const BusyTime busy(report_.tokenize_seconds);
  for (std::size_t i = 0; i < window.orfs.size(); ++i) {
    const std::string_view nucleotides = window.nucleotides_of(i);
    const std::string_view protein = window.protein_of(i);
    window.routes.push_back(repeats.find(nucleotides, protein));
    if (window.routes.back().is_repeat()) continue;
    window.computed.push_back(static_cast<std::uint32_t>(i));
    window.dna_tokens.append([&](auto& ids) { plan_.tokenize_dna(nucleotides, ids); });
    window.protein_tokens.append([&](auto& ids) { plan_.tokenize_protein(protein, ids); });
  }
  const auto plan_batches = plan_.packed ? plan_packed : plan_padded;
  plan_batches(window.dna_tokens.lengths(), plan_.batch_tokens, window.dna_plan);
  plan_batches(window.protein_tokens.lengths(), plan_.batch_tokens, window.protein_plan);
  window.features.reserve((plan_.limits.orfs + kFrameCount) * width_);  // its largest, at once
  window.features.assign(window.orfs.size() * width_, 0.0f);
}

void Stages::tokenize() {
  RepeatFinder repeats(repeats_);
  while (std::optional<Window*> next = filled_.pop()) {
    Window& window = **next;
    tokenize(window, repeats);
    const std::size_t repeated = window.orfs.size() - window.computed.size();
    report_.orfs_computed += window.computed.size();
    report_.orfs_repeated += repeated;
    progress_.change([&](RunProgress& progress) { progress.frames_embedded += repeated; });
    report_.dnabert_s.tokens += window.dna_plan.tokens;
    report_.dnabert_s.capacity += window.dna_plan.capacity;
    report_.esm2.tokens += window.protein_plan.tokens;
    report_.esm2.capacity += window.protein_plan.capacity;
    const std::size_t dna_batches = window.dna_plan.batches();
    const std::size_t protein_batches = window.protein_plan.batches();
    window.first_batch = report_.batches;
    window.batches_left = dna_batches + protein_batches;
    report_.batches += dna_batches + protein_batches;
    ++report_.windows;
    if (dna_batches + protein_batches == 0) {
      if (plan_.classify) window.scores.assign(2 * window.orfs.size(), 0.0f);
      if (!done_.push(&window)) return;
      continue;
    }
    for (std::size_t b = 0; b < dna_batches; ++b) {
      if (!tasks_.push({&window, EncoderKind::kDnabertS, b})) return;
    }
    for (std::size_t b = 0; b < protein_batches; ++b) {
      if (!tasks_.push({&window, EncoderKind::kEsm2, b})) return;
    }
  }
  // Cancelled or drained; when cancelled, closing changes nothing.
  tasks_.close();
}

void Stages::work(std::size_t worker) {
  Engine& engine = *plan_.engines[worker];
  WorkerTimes& times = times_[worker];
  engine.start();
  PackedBatch batch;
  Embeddings embeddings;
  while (std::optional<BatchTask> task = tasks_.pop()) {
    run_batch(*task, engine, times, batch, embeddings);
    Window& window = *task->window;
    // The last batch of a window sees what the other workers wrote: fetch_sub orders the writes.
    if (window.batches_left.fetch_sub(1) > 1) continue;
    if (plan_.classify) classify(window, engine, times);
    if (!done_.push(&window)) return;
  }
  if (workers_left_.fetch_sub(1) == 1) done_.close();
}

void Stages::run_batch(const BatchTask& task, Engine& engine, WorkerTimes& times,
                       PackedBatch& batch, Embeddings& embeddings) {
  Window& window = *task.window;
  const bool is_dna = task.encoder == EncoderKind::kDnabertS;
  const BatchPlan& batches = is_dna ? window.dna_plan : window.protein_plan;
  const std::span<const std::uint32_t> members = batches.batch(task.batch);
  const auto width = static_cast<std::size_t>(is_dna ? plan_.dnabert_width : plan_.esm2_width);
  const std::size_t column = is_dna ? 0 : static_cast<std::size_t>(plan_.dnabert_width);
  const std::size_t before = is_dna ? 0 : window.dna_plan.batches();
  {
    const BusyTime busy(is_dna ? times.dnabert_s : times.esm2);
    gather(is_dna ? window.dna_tokens : window.protein_tokens, members, batch);
    const BatchName name{window.first_batch + before + task.batch, [&] {
                           std::vector<std::uint32_t> orfs;
                           for (const std::uint32_t item : members) {
                             orfs.push_back(window.computed[item]);
                           }
                           return window.frame_ids(orfs);
                         }};
    engine.embed(task.encoder, batch, name, embeddings);
    check(embeddings.values.size() == members.size() * width,
          "{} embedding values for {} sequences of width {}", embeddings.values.size(),
          members.size(), width);
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::size_t orf = window.computed[members[i]];
      std::copy_n(embeddings.values.data() + i * width, width,
                  window.features.data() + orf * width_ + column);
    }
  }
  progress_.change([&](RunProgress& progress) {
    if (!is_dna) progress.frames_embedded += members.size();
  });
}

void Stages::classify(Window& window, Engine& engine, WorkerTimes& times) {
  const BusyTime busy(times.classify);
  window.scores.resize(2 * window.orfs.size());
  // The rows of repeats go along: leaving them out would cost more than they do.
  engine.classify(window.features, window.scores);
}

void Stages::write() {
  std::map<std::uint64_t, Window*> waiting;  // as many as there are windows, at most
  RepeatedResults repeated(repeats_, result_floats_);
  std::uint64_t expected = 0;
  std::uint64_t records = 0;
  while (std::optional<Window*> next = done_.pop()) {
    waiting.emplace((*next)->number, *next);
    while (!waiting.empty() && waiting.begin()->first == expected) {
      Window& window = *waiting.begin()->second;
      {
        const BusyTime busy(report_.write_seconds);
        repeated.complete(window.routes, plan_.classify ? window.scores : window.features);
        plan_.take(window);
      }
      for (const Window::Part& part : window.parts) records += part.ends ? 1 : 0;
      waiting.erase(waiting.begin());
      ++expected;
      window.clear();  // gives the records back now, not when the window is filled again
      progress_.change([&](RunProgress& progress) { progress.records_finished = records; });
      if (!free_.push(&window)) return;
    }
  }
  check(waiting.empty(), "window {} was lost between the stages", expected);
  progress_.change([&](RunProgress& progress) { progress.records_finished = records; }, true);
}

}  // namespace

StageReport run_stages(const StagePlan& plan, std::stop_token stop) {
  return Stages(plan, std::move(stop)).run();
}

}  // namespace virnucpro
