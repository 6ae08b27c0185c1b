// Completes a computed window before it is taken: the results of ORFs that were in no batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "pipeline/faults.h"
#include "pipeline/repeats.h"
#include "pipeline/window.h"

namespace virnucpro {

/// Recalled ORFs get their scores, failed ones NaN and a reason, repeats the result of the ORF they
/// equal; failures are counted. Fills a window's `finished` and writes to its `computed`. Takes
/// windows in input order. Thread-confined.
class WindowFinisher {
 public:
  /// `result_floats`: of one ORF, its scores if `classify`, else its features. Borrows `faults`.
  WindowFinisher(bool classify, std::size_t result_floats, RepeatLimits repeats, Faults& faults);

  void finish(Window& window);

 private:
  void settle(Window& window);
  void fail(Window& window, std::uint32_t orf, const std::string& reason);
  void complete_repeats(Window& window);
  void count_failures(const Window& window);
  std::vector<float>& results_of(Window& window) const {
    return classify_ ? window.computed.scores : window.computed.features;
  }

  const bool classify_;
  const std::size_t result_floats_;
  Faults& faults_;
  RepeatedResults repeated_;
  RepeatOwners owners_;
  std::map<std::uint64_t, std::string> failures_;  // by number of the ORF in the run
};

}  // namespace virnucpro
