// The interface through which stages use a store that outlives the process.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "pipeline/engine.h"
#include "pipeline/window.h"
#include "run/fault_report.h"

namespace virnucpro {

/// recall() is called on the tokenising thread, everything else on the writing thread.
class Journal {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~Journal() = default;

  /// Called for every window, in order, once its features are there. Settles ORFs whose result is
  /// kept, fills in the features that are kept, and marks both in window.kept, which is empty when
  /// nothing is. Throws InputError when a kept record differs from the one read now.
  virtual void recall(Window& window) = 0;

  /// Called when the features of these ORFs by this encoder are computed. `window` stays as it is
  /// until window_done().
  virtual void batch_done(const Window& window, EncoderKind encoder,
                          std::span<const std::uint32_t> orfs) = 0;
  /// Called when the window is complete; windows come in order, after all their batches.
  virtual void window_done(const Window& window) = 0;

  /// The latest time for the next save(), if nothing else happens.
  virtual Clock::time_point due() const = 0;
  /// Makes durable all that was passed so far, and the faults of this process until now.
  virtual void save(const FaultReport& faults) = 0;
};

}  // namespace virnucpro
