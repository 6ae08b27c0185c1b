#include "studies/model_speeds.h"

#include <cstddef>

#include "base/stop.h"
#include "base/stopwatch.h"

namespace virnucpro {
namespace {

// Speeds are those of one batch, repeated in turns for this long or this often.
constexpr double kTimedSeconds = 2.0;
constexpr int kTimedRounds = 5;

}  // namespace

std::vector<double> frames_per_second(std::span<ProbedModel* const> models,
                                      const PerEncoder<TokenTable>& tokens,
                                      std::int64_t batch_tokens, Workspace& workspace,
                                      const std::stop_token& stop) {
  std::vector<double> best(models.size(), 0.0);
  const Stopwatch all;
  for (int round = 0; round < kTimedRounds && (round == 0 || all.seconds() < kTimedSeconds);
       ++round) {
    for (std::size_t m = 0; m < models.size(); ++m) {
      double seconds_per_frame = 0.0;
      for (const EncoderKind kind : kEncoderKinds) {
        throw_if_stopped(stop);
        const Stopwatch watch;
        const std::size_t frames =
            models[m]->embed_first_batch(kind, tokens[kind], batch_tokens, workspace);
        seconds_per_frame += watch.seconds() / static_cast<double>(frames);
      }
      if (round == 0 || seconds_per_frame < best[m]) best[m] = seconds_per_frame;
    }
  }
  for (double& each : best) each = 1.0 / each;
  return best;
}

}  // namespace virnucpro
