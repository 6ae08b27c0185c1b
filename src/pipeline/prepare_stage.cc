#include "pipeline/prepare_stage.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "pipeline/busy_time.h"

namespace virnucpro {
namespace {

/// ORFs that a thread tokenises at a time: about half a millisecond, which is long beside the
/// hand-over, and a window for many GPUs has dozens of such pieces.
constexpr std::size_t kPieceOrfs = 64;

}  // namespace

PrepareStage::PrepareStage(Options options, const Faults& faults, BoundedQueue<Window*>& filled,
                           TaskQueue<BatchTask>& tasks, ProgressMeter& progress)
    : options_(std::move(options)),
      faults_(faults),
      filled_(filled),
      tasks_(tasks),
      progress_(progress) {}

void PrepareStage::run() {
  RepeatFinder repeats(options_.repeats);  // here, so that no other thread waits for its memory
  Tokenizers tokenizers(options_);
  while (std::optional<Window*> next = filled_.pop()) {
    Window& window = **next;
    prepare(window, repeats, tokenizers);
    const std::size_t finished =
        window.read.orfs.size() - window.prepared.lanes[EncoderKind::kEsm2].orfs.size();
    progress_.change([&](RunProgress& progress) {
      progress.frames_embedded += finished;
      progress.frames_prepared += window.read.orfs.size();
      for (const EncoderKind kind : kEncoderKinds) {
        progress.encoders[kind].tokens_planned += window.prepared.lanes[kind].tokens.token_count();
      }
    });
    if (!push_tasks(window)) return;
  }
  // Cancelled or drained; when cancelled, closing changes nothing.
  tasks_.close();
}

/// Makes tokens and batches of the ORFs that equal no earlier one and have no kept result.
void PrepareStage::prepare(Window& window, RepeatFinder& repeats, Tokenizers& tokenizers) {
  const BusyTime busy(counts_.seconds);
  const Window::Read& read = window.read;
  Window::Prepared& prepared = window.prepared;
  std::vector<float>& features = window.computed.features;
  const std::size_t row = options_.layout.row();
  features.reserve((options_.most_orfs + kFrameCount) * row);
  features.assign(read.orfs.size() * row, 0.0f);
  if (options_.journal != nullptr) options_.journal->recall(window);
  for (std::uint32_t orf = 0; orf < read.orfs.size(); ++orf) {
    prepared.routes.push_back(repeats.find(read.text_of(EncoderKind::kDnabertS, orf),
                                           read.text_of(EncoderKind::kEsm2, orf)));
    if (prepared.routes.back().is_repeat()) {
      ++counts_.orfs_repeated;
    } else if (prepared.is_recalled(orf)) {
      ++counts_.orfs_recalled;
    } else {
      ++counts_.orfs_computed;
      prepared.needs_scores = true;
      add_to_lanes(window, orf);
    }
  }
  for (const EncoderKind kind : kEncoderKinds) make_tokens(window, kind, tokenizers);
  plan_batches(window);
}

void PrepareStage::add_to_lanes(Window& window, std::uint32_t orf) {
  Window::Prepared& prepared = window.prepared;
  for (const EncoderKind kind : kEncoderKinds) {
    if (!prepared.has_embedding(orf, kind)) prepared.lanes[kind].orfs.push_back(orf);
  }
}

void PrepareStage::make_tokens(Window& window, EncoderKind kind, Tokenizers& tokenizers) {
  Window::Lane& lane = window.prepared.lanes[kind];
  const std::size_t count = (lane.orfs.size() + kPieceOrfs - 1) / kPieceOrfs;
  std::vector<TokenTable>& pieces = tokenizers.pieces;
  if (pieces.size() < count) pieces.resize(count);
  tokenizers.workers.run(count, [&](std::size_t i, std::size_t worker) {
    const std::size_t begin = i * kPieceOrfs;
    const std::size_t orfs = std::min(kPieceOrfs, lane.orfs.size() - begin);
    pieces[i].clear();
    for (const std::uint32_t orf : std::span(lane.orfs).subspan(begin, orfs)) {
      pieces[i].append([&](auto& ids) {
        tokenizers.tokenize[worker][kind](window.read.text_of(kind, orf), ids);
      });
    }
  });
  for (std::size_t i = 0; i < count; ++i) lane.tokens.append_all(pieces[i]);
}

void PrepareStage::plan_batches(Window& window) {
  const auto plan = options_.packed ? plan_packed : plan_padded;
  const std::int64_t tokens = faults_.batch_tokens();
  Window::Prepared& prepared = window.prepared;
  for (const EncoderKind kind : kEncoderKinds) {
    Window::Lane& lane = prepared.lanes[kind];
    plan(lane.tokens.lengths(), tokens, lane.plan);
    counts_.encoders[kind].tokens += lane.plan.tokens;
    counts_.encoders[kind].capacity += lane.plan.capacity;
  }
  prepared.first_batch = counts_.batches;
  window.computed.batches_left = prepared.batches();
  counts_.batches += prepared.batches();
  ++counts_.windows;
}

/// False when the run is cancelled.
bool PrepareStage::push_tasks(Window& window) {
  if (window.prepared.batches() == 0) {
    // Even where all embeddings were kept, scores may still be missing.
    return tasks_.push({&window, EncoderKind::kEsm2, {}, 0, /*is_computed=*/true});
  }
  // Counted first: after its last push the window belongs to others.
  PerEncoder<std::size_t> batches;
  for (const EncoderKind kind : kEncoderKinds) {
    batches[kind] = window.prepared.lanes[kind].plan.batches();
  }
  std::uint64_t number = window.prepared.first_batch;
  for (const EncoderKind kind : kEncoderKinds) {
    for (std::size_t b = 0; b < batches[kind]; ++b, ++number) {
      if (!tasks_.push({&window, kind, window.prepared.lanes[kind].plan.batch(b), number})) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace virnucpro
