// The journal of a run, saved in time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bounded_queue.h"
#include "pipeline/faults.h"
#include "pipeline/journal.h"

namespace virnucpro {

/// Borrows the journal, which may be null: then nothing is kept and nothing waits for it. The
/// writing thread's. Passes on what the journal throws.
class TimedJournal {
 public:
  TimedJournal(Journal* journal, const Faults& faults) : journal_(journal), faults_(faults) {}

  /// Takes the next item of `queue`, and saves whenever that is due while none comes.
  template <typename T>
  std::optional<T> next_of(BoundedQueue<T>& queue) {
    while (journal_ != nullptr && !queue.wait_until(journal_->due())) save();
    return queue.pop();
  }

  void batch_done(const Window& window, EncoderKind encoder, std::span<const std::uint32_t> orfs) {
    if (journal_ != nullptr) journal_->batch_done(window, encoder, orfs);
  }
  void window_done(const Window& window) {
    if (journal_ != nullptr) journal_->window_done(window);
  }

  void save_if_due() {
    if (journal_ != nullptr && Journal::Clock::now() >= journal_->due()) save();
  }
  void save() {
    if (journal_ != nullptr) journal_->save(faults_.report());
  }

 private:
  Journal* const journal_;
  const Faults& faults_;
};

}  // namespace virnucpro
