#include "pipeline/window_finisher.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>

#include "base/check.h"

namespace virnucpro {

WindowFinisher::WindowFinisher(bool classify, std::size_t result_floats, RepeatLimits repeats,
                               Faults& faults)
    : classify_(classify),
      result_floats_(result_floats),
      faults_(faults),
      repeated_(repeats, result_floats),
      owners_(repeats) {}

void WindowFinisher::finish(Window& window) {
  settle(window);
  complete_repeats(window);
  count_failures(window);
}

void WindowFinisher::fail(Window& window, std::uint32_t orf, const std::string& reason) {
  const auto begin = static_cast<std::ptrdiff_t>(orf * result_floats_);
  std::fill_n(results_of(window).begin() + begin, result_floats_,
              std::numeric_limits<float>::quiet_NaN());
  const auto [entry, is_new] = window.finished.failures.emplace(orf, reason);
  // Both encoders may have failed; the order in which they did must not matter.
  if (!is_new) entry->second = std::min(entry->second, reason);
}

/// Gives ORFs without embeddings their result, and those whose scores are not finite a failure.
void WindowFinisher::settle(Window& window) {
  for (const Window::Settled& settled : window.computed.settled) {
    if (!settled.failure.empty()) {
      fail(window, settled.orf, settled.failure);
    } else {
      check(classify_, "scores were kept for a run that gives none");
      const std::span<float, 2> scores = window.computed.scores_of(settled.orf);
      scores[0] = settled.p_others;
      scores[1] = settled.p_virus;
    }
  }
  for (std::uint32_t i = 0; classify_ && i < window.read.orfs.size(); ++i) {
    const std::span<const float, 2> scores = window.computed.scores_of(i);
    if (std::isfinite(scores[0]) && std::isfinite(scores[1])) continue;
    if (!window.finished.has_failed(i)) fail(window, i, nonfinite_reason_of_classifier());
  }
}

/// Gives repeats the result of the ORF they equal, or its failure.
void WindowFinisher::complete_repeats(Window& window) {
  Window::Finished& finished = window.finished;
  repeated_.complete(window.prepared.routes, results_of(window));
  owners_.append(window.prepared.routes, window.read.first_orf, Window::kOwnResult,
                 finished.same_as);
  for (const auto& [orf, reason] : finished.failures) {
    failures_.emplace(window.read.first_orf + orf, reason);
  }
  for (std::uint32_t i = 0; !failures_.empty() && i < finished.same_as.size(); ++i) {
    const auto failure = failures_.find(finished.same_as[i]);
    if (failure != failures_.end()) finished.failures.emplace(i, failure->second);
  }
}

/// The one place where failures are counted, whatever their cause. A chunk with a failure gives no
/// call, so its other frames are left out of classified runs, too.
void WindowFinisher::count_failures(const Window& window) {
  const Window::Finished& finished = window.finished;
  window.read.for_each_chunk([&](const Window::ChunkPlace& place) {
    std::uint64_t failed = 0;
    std::uint64_t computed = 0;
    for (std::uint32_t orf = place.first_orf; orf < place.end_orf; ++orf) {
      const auto failure = finished.failures.find(orf);
      const bool has_failed = failure != finished.failures.end();
      faults_.settled(has_failed ? std::string_view(failure->second) : std::string_view());
      if (window.prepared.is_recalled(orf)) continue;
      ++computed;
      if (!has_failed) continue;
      ++failed;
      if (finished.same_as[orf] != Window::kOwnResult) continue;
      faults_.failed(window.read.frame_ids({&orf, 1}).front(), failure->second);
    }
    if (failed > 0) faults_.left_out(classify_ ? computed : failed);
  });
}

}  // namespace virnucpro
