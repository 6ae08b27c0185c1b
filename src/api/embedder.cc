// Embedder: embeddings from a session without a classifier.
#include <algorithm>
#include <utility>
#include <vector>

#include "api/session.h"
#include "sequence/frames.h"

namespace virnucpro {
namespace {

PredictorOptions session_options(const EmbedderOptions& options) {
  PredictorOptions session;
  session.bundle = options.bundle;
  session.expected_length = options.expected_length;
  session.device = options.device;
  session.threads = options.threads;
  session.precision = options.precision;
  session.frames = options.frames;
  session.genetic_code = options.genetic_code;
  session.batch_tokens = options.batch_tokens;
  return session;
}

/// From finished windows to blocks. Thread-confined.
class EmbeddingWalk {
 public:
  EmbeddingWalk(const LoadedModels& models, EmbeddingReceiver& receiver)
      : dnabert_s_(static_cast<std::size_t>(models.dnabert_s->width())),
        esm2_(static_cast<std::size_t>(models.esm2->width())),
        receiver_(receiver) {}

  void take(const Window& window) {
    frames_.clear();
    values_.clear();
    window.read.for_each_chunk(
        [&](const Record& record) {
          receiver_.sequence(record.ordinal, record.id, record.bases.size());
        },
        [&](const Window::ChunkPlace& place) { add(window, place); }, [](const Record&) {});
    if (frames_.empty()) return;
    const bool is_whole = window.finished.failures.empty();
    receiver_.block({frames_, is_whole ? window.computed.features : values_, dnabert_s_, esm2_});
  }

  std::uint64_t failed_frames() const { return failed_frames_; }

 private:
  void add(const Window& window, const Window::ChunkPlace& place) {
    for (std::uint32_t orf = place.first_orf; orf < place.end_orf; ++orf) {
      if (window.finished.has_failed(orf)) {
        ++failed_frames_;
        continue;
      }
      const Window::OrfEntry& entry = window.read.orfs[orf];
      frames_.push_back({place.chunk.record, place.chunk.index, place.chunk.start, place.chunk.end,
                         frame_name(entry.frame).data(), entry.start, entry.end, entry.is_run});
      if (window.finished.failures.empty()) continue;  // the features go as they are
      const float* const row = window.computed.features.data() + orf * (dnabert_s_ + esm2_);
      values_.insert(values_.end(), row, row + dnabert_s_ + esm2_);
    }
  }

  const std::size_t dnabert_s_;
  const std::size_t esm2_;
  EmbeddingReceiver& receiver_;
  std::vector<EmbeddedFrame> frames_;  // reused
  std::vector<float> values_;          // reused
  std::uint64_t failed_frames_ = 0;
};

RunTotals run_walk(ModelSession& session, const ModelSession::MakeRecords& records,
                   EmbeddingReceiver& receiver, const RunControl& control) {
  EmbeddingWalk walk(session.models(), receiver);
  const TakeWindow take = [&walk](const Window& window) { walk.take(window); };
  RunTotals totals = session.run(records, take, control);
  totals.failed_frames = walk.failed_frames();
  return totals;
}

}  // namespace

Embedder::Embedder(const EmbedderOptions& options)
    : session_(std::make_unique<ModelSession>(session_options(options),
                                              /*with_classifier=*/false)) {}
Embedder::~Embedder() = default;
Embedder::Embedder(Embedder&&) noexcept = default;
Embedder& Embedder::operator=(Embedder&&) noexcept = default;

RunTotals Embedder::run(const NextSequence& next, EmbeddingReceiver& receiver,
                        const RunControl& control) {
  return run_walk(*session_, records_from(next), receiver, control);
}

RunTotals Embedder::run_files(const std::vector<std::string>& paths, EmbeddingReceiver& receiver,
                              const RunControl& control) {
  return run_walk(*session_, records_in(paths), receiver, control);
}

std::size_t Embedder::dnabert_s_width() const {
  return static_cast<std::size_t>(session_->models().dnabert_s->width());
}
std::size_t Embedder::esm2_width() const {
  return static_cast<std::size_t>(session_->models().esm2->width());
}
const std::vector<std::string>& Embedder::warnings() const { return session_->warnings(); }
const std::string& Embedder::device() const { return session_->device(); }
std::int64_t Embedder::expected_length() const { return session_->models().expected_length; }

}  // namespace virnucpro
