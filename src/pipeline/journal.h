// What the stages need of a store that outlives the process.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "pipeline/engine.h"
#include "pipeline/window.h"
#include "report/fault_report.h"

namespace virnucpro {

/// recall() is called on the tokenising thread, everything else on the writing one.
class Journal {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~Journal() = default;

  /// For every window, in order, once its features are there. Settles ORFs whose result is kept and
  /// fills in the features that are; says so in window.kept, which is empty when nothing is. Throws
  /// InputError when a kept record is another one now.
  virtual void recall(Window& window) = 0;

  /// The features of these ORFs by this encoder are computed. `window` stays as it is until
  /// window_done().
  virtual void batch_done(const Window& window, EncoderKind encoder,
                          std::span<const std::uint32_t> orfs) = 0;
  /// The window is complete; windows come in order, after all their batches.
  virtual void window_done(const Window& window) = 0;

  /// When save() should be called at the latest, if nothing else happens.
  virtual Clock::time_point due() const = 0;
  /// Makes durable what was told so far, and the faults of this process until now.
  virtual void save(const FaultReport& faults) = 0;
};

}  // namespace virnucpro
