#include "jobs/run_cost.h"

#include <algorithm>

namespace virnucpro {
namespace {

/// Seconds of one worker per token and weight, of the work that was done; 0: none was.
double pace_of(const EncoderProgress& encoder, double weights) {
  const double work = static_cast<double>(encoder.tokens_computed) * weights;
  return work > 0.0 ? encoder.seconds / work : 0.0;
}

}  // namespace

std::optional<RunCost> expected_cost(const RunProgress& progress, std::optional<double> read_share,
                                     const CostFacts& facts) {
  if (progress.reading_done) read_share = 1.0;
  if (!read_share || *read_share <= 0.0 || progress.frames_prepared == 0) return std::nullopt;
  PerEncoder<double> pace;
  double known = 0.0;
  for (const EncoderKind kind : kEncoderKinds) {
    pace[kind] = pace_of(progress.encoders[kind], facts.weights[kind]);
    known = std::max(known, pace[kind]);
  }
  if (known <= 0.0) return std::nullopt;
  // Repeats and kept results are among the frames that were prepared, and cost no tokens.
  const double frames = static_cast<double>(progress.frames_found) / std::min(*read_share, 1.0);
  const double more = std::max(1.0, frames / static_cast<double>(progress.frames_prepared));
  double left = 0.0;
  for (const EncoderKind kind : kEncoderKinds) {
    const EncoderProgress& encoder = progress.encoders[kind];
    const double tokens = static_cast<double>(encoder.tokens_planned) * more -
                          static_cast<double>(encoder.tokens_computed);
    left += std::max(0.0, tokens) * facts.weights[kind] * (pace[kind] > 0.0 ? pace[kind] : known);
  }
  left /= static_cast<double>(std::max<std::size_t>(facts.workers, 1));
  return RunCost{.seconds = progress.seconds + left, .seconds_left = left};
}

}  // namespace virnucpro
