#include "results/visit_ahead.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/as_text.h"
#include "base/bounded_queue.h"
#include "base/errors.h"
#include "base/start_thread.h"
#include "pipeline/on_leaving.h"
#include "run/damage.h"

namespace virnucpro {
namespace {

/// Bytes of rows and of their texts that go from one thread to the other at once: some hundred
/// reads, so that waiting costs nothing beside them, and a few batches fit the caches.
constexpr std::size_t kBatchBytes = std::size_t{1} << 17;
/// A batch with more has a long record. Of such batches one is told while the next one is filled,
/// and their memory is not kept.
constexpr std::size_t kLongBytes = 8 * kBatchBytes;
/// Enough that both threads work while one of them is interrupted.
constexpr std::size_t kBatches = 8;

/// Tells a visitor of rows, and names the record where it finds damage.
class Teller {
 public:
  Teller(StoredRunVisitor& visitor, const std::string& path) : visitor_(visitor), path_(path) {}

  void begin_record(const StoredRecord& record) {
    ordinal_ = record.ordinal;
    id_ = record.id;
    named([&] { visitor_.begin_record(record); });
  }
  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) {
    named([&] { visitor_.chunk(chunk, orfs); });
  }
  void end_record(Outcome outcome, std::string_view reason) {
    named([&] { visitor_.end_record(outcome, reason); });
  }

  std::vector<StoredOrf>& rows() { return rows_; }  ///< working memory

 private:
  template <typename Action>
  void named(Action&& action) const {
    try {
      action();
    } catch (const DamagedDatabase& damage) {
      fail_damaged_record(path_, ordinal_, id_, damage.found());
    }
  }

  StoredRunVisitor& visitor_;
  const std::string& path_;
  std::uint64_t ordinal_ = 0;
  std::string id_;
  std::vector<StoredOrf> rows_;
};

/// Copies of what a visitor was told.
class RowBatch {
 public:
  void clear() {
    steps_.clear();
    records_.clear();
    chunks_.clear();
    orfs_.clear();
    ends_.clear();
    if (is_long()) std::string().swap(texts_);
    texts_.clear();
  }
  bool is_long() const { return texts_.size() > kLongBytes; }
  bool is_empty() const { return steps_.empty(); }
  bool is_full() const {
    return texts_.size() + orfs_.size() * sizeof(Orf) + steps_.size() * sizeof(Chunk) >=
           kBatchBytes;
  }

  void begin_record(const StoredRecord& record) {
    steps_.push_back(Step::kBegin);
    records_.push_back({record, kept(record.id), kept(as_text(record.bases))});
  }
  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) {
    steps_.push_back(Step::kChunk);
    chunks_.push_back({chunk, kept(chunk.reason), orfs.size()});
    for (const StoredOrf& orf : orfs) orfs_.push_back({orf, kept(orf.reason)});
  }
  void end_record(Outcome outcome, std::string_view reason) {
    steps_.push_back(Step::kEnd);
    ends_.push_back({outcome, kept(reason)});
  }

  void tell(Teller& teller) const;

 private:
  enum class Step : std::uint8_t { kBegin, kChunk, kEnd };
  struct Text {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  struct Record {
    StoredRecord row;
    Text id;
    Text bases;
  };
  struct Chunk {
    StoredChunk row;
    Text reason;
    std::size_t orfs = 0;
  };
  struct Orf {
    StoredOrf row;
    Text reason;
  };
  struct End {
    Outcome outcome = Outcome::kScored;
    Text reason;
  };

  Text kept(std::string_view text) {
    texts_ += text;
    return {texts_.size() - text.size(), text.size()};
  }
  std::string_view at(const Text& text) const {
    return std::string_view(texts_).substr(text.begin, text.size);
  }

  std::vector<Step> steps_;
  std::vector<Record> records_;
  std::vector<Chunk> chunks_;
  std::vector<Orf> orfs_;
  std::vector<End> ends_;
  std::string texts_;
};

void RowBatch::tell(Teller& teller) const {
  auto next_record = records_.begin();
  auto next_chunk = chunks_.begin();
  auto next_orf = orfs_.begin();
  auto next_end = ends_.begin();
  for (const Step step : steps_) {
    switch (step) {
      case Step::kBegin: {
        StoredRecord row = next_record->row;
        row.id = at(next_record->id);
        row.bases = std::as_bytes(std::span(at(next_record->bases)));
        ++next_record;
        teller.begin_record(row);
        break;
      }
      case Step::kChunk: {
        StoredChunk row = next_chunk->row;
        row.reason = at(next_chunk->reason);
        std::vector<StoredOrf>& orfs = teller.rows();
        orfs.clear();
        for (std::size_t i = 0; i < next_chunk->orfs; ++i, ++next_orf) {
          orfs.push_back(next_orf->row);
          orfs.back().reason = at(next_orf->reason);
        }
        ++next_chunk;
        teller.chunk(row, orfs);
        break;
      }
      case Step::kEnd:
        teller.end_record(next_end->outcome, at(next_end->reason));
        ++next_end;
        break;
    }
  }
}

using Batch = std::unique_ptr<RowBatch>;

/// What ends a visit whose rows nobody takes any more; it never leaves this file.
struct NotWanted {};

/// The two queues between the threads: of rows, and of batches to be used again. Each thread holds
/// one batch at most, so that of two more than `full` takes one is always empty: taking it, and
/// giving one back, never wait.
struct Passage {
  static constexpr std::size_t kAll = kBatches + 2;
  BoundedQueue<Batch> full{kBatches};
  BoundedQueue<Batch> empty{kAll};

  Passage() {
    for (std::size_t i = 0; i < kAll; ++i) empty.push(std::make_unique<RowBatch>());
  }
  void cancel() {
    full.cancel();
    empty.cancel();
  }
};

/// The end of the passage that the visit fills.
class Copier final : public StoredRunVisitor {
 public:
  explicit Copier(Passage& passage) : passage_(passage) {}

  void begin_record(const StoredRecord& record) override { batch().begin_record(record); }
  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) override {
    batch().chunk(chunk, orfs);
  }
  void end_record(Outcome outcome, std::string_view reason) override {
    batch().end_record(outcome, reason);
  }

  /// Passes on what is there, also a part of a batch. NotWanted where nobody takes it.
  void pass() {
    if (batch_ == nullptr || batch_->is_empty()) return;
    if (batch_->is_long()) wait_for_the_others();
    if (!passage_.full.push(std::move(batch_))) throw NotWanted();
    batch_ = nullptr;
  }
  void pass_if_full() {
    if (batch_ != nullptr && batch_->is_full()) pass();
  }

 private:
  RowBatch& batch() {
    if (batch_ == nullptr) batch_ = next_empty();
    return *batch_;
  }

  Batch next_empty() {
    std::optional<Batch> next = passage_.empty.pop();
    if (!next) throw NotWanted();
    return std::move(*next);
  }

  /// Until all earlier batches have been told.
  void wait_for_the_others() {
    std::vector<Batch> others;
    while (others.size() + 1 < Passage::kAll) others.push_back(next_empty());
    for (Batch& other : others) passage_.empty.push(std::move(other));
  }

  Passage& passage_;
  Batch batch_;
};

/// The visit on its thread: all rows before its error are passed on, too.
void fill(const PassingVisit& visit, Passage& passage, std::exception_ptr& error) {
  try {
    Copier copier(passage);
    try {
      visit(copier, [&] { copier.pass_if_full(); });
    } catch (const NotWanted&) {
      throw;
    } catch (...) {
      error = std::current_exception();
    }
    copier.pass();
  } catch (const NotWanted&) {
    // The other end has an error of its own.
  } catch (...) {
    if (!error) error = std::current_exception();
  }
  passage.full.close();
}

}  // namespace

void visit_ahead(const PassingVisit& visit, StoredRunVisitor& visitor, const std::string& path,
                 const std::function<void()>& told) {
  Passage passage;
  std::exception_ptr error;  // read once the thread has ended
  std::thread ahead;
  try {
    ahead = start_thread([&] { fill(visit, passage, error); });
  } catch (const ResourceError&) {
    return visit(
        visitor, told ? told : [] {});
  }
  const OnLeaving join([&] {
    passage.cancel();
    ahead.join();
  });
  Teller teller(visitor, path);
  while (std::optional<Batch> batch = passage.full.pop()) {
    (*batch)->tell(teller);
    (*batch)->clear();
    passage.empty.push(std::move(*batch));
    if (told) told();
  }
  // The queue was closed after the last write to it.
  if (error) std::rethrow_exception(error);
}

}  // namespace virnucpro
