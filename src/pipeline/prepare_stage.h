// The second stage of a run: decides what to compute of a window, and makes tokens and batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/bounded_queue.h"
#include "base/worker_group.h"
#include "batching/token_table.h"
#include "pipeline/faults.h"
#include "pipeline/feature_layout.h"
#include "pipeline/journal.h"
#include "pipeline/progress_meter.h"
#include "pipeline/repeats.h"
#include "pipeline/stage_messages.h"
#include "pipeline/task_queue.h"

namespace virnucpro {

/// Appends the token ids of one sequence. Each thread calls a copy of its own.
using Tokenize = std::function<void(std::string_view, std::vector<std::int32_t>&)>;

/// run() takes one thread and starts those that make tokens with it. It owns the memory of earlier
/// ORFs. It fills a window's `prepared`, gives `computed` its rows, has the journal recall what it
/// keeps, and pushes the batches. After its last push a window belongs to workers and writer. It
/// ends after the last window, and then closes `tasks`, or when a queue is cancelled. Errors of
/// tokenizer, journal and thread starts leave it.
class PrepareStage {
 public:
  struct Options {
    PerEncoder<Tokenize> tokenize;
    FeatureLayout layout;
    std::size_t most_orfs = 0;  ///< of a window: its features are reserved once
    bool packed = true;
    std::size_t threads = 1;  ///< that make the tokens of a window together
    RepeatLimits repeats;
    Journal* journal = nullptr;  ///< may be null
  };
  struct Counts {
    struct Encoder {
      std::uint64_t tokens = 0;
      std::uint64_t capacity = 0;  ///< of the batches
    };
    // Every ORF is one of these.
    std::uint64_t orfs_computed = 0;
    std::uint64_t orfs_recalled = 0;
    std::uint64_t orfs_repeated = 0;
    std::uint64_t windows = 0;
    std::uint64_t batches = 0;
    PerEncoder<Encoder> encoders;
    double seconds = 0.0;
  };

  PrepareStage(Options options, const Faults& faults, BoundedQueue<Window*>& filled,
               TaskQueue<BatchTask>& tasks, ProgressMeter& progress);
  void run();

  /// Valid once run() has ended.
  const Counts& counts() const { return counts_; }

 private:
  /// The threads that make tokens, and what each of them uses.
  struct Tokenizers {
    explicit Tokenizers(const Options& options)
        : workers(options.threads), tokenize(options.threads, options.tokenize) {}

    WorkerGroup workers;
    std::vector<PerEncoder<Tokenize>> tokenize;  ///< [workers]
    std::vector<TokenTable> pieces;              ///< of a lane, in order
  };

  void prepare(Window& window, RepeatFinder& repeats, Tokenizers& tokenizers);
  void add_to_lanes(Window& window, std::uint32_t orf);
  void make_tokens(Window& window, EncoderKind kind, Tokenizers& tokenizers);
  void plan_batches(Window& window);
  bool push_tasks(Window& window);

  const Options options_;
  const Faults& faults_;
  BoundedQueue<Window*>& filled_;
  TaskQueue<BatchTask>& tasks_;
  ProgressMeter& progress_;
  Counts counts_;
};

}  // namespace virnucpro
