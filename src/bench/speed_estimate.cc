#include "bench/speed_estimate.h"

#include <algorithm>
#include <cstddef>

#include "base/stop.h"
#include "base/stopwatch.h"
#include "bench/model_shapes.h"
#include "bench/random_models.h"
#include "sequence/reference_frames.h"
#include "studies/probed_model.h"

namespace virnucpro {
namespace {

// The mean length of open frames in chunks of 300 and 500 bases is near to this.
constexpr std::size_t kCodons = 100;
// Enough rows for full tiles and for every thread; more would only take longer.
constexpr std::size_t kMostFrames = 40;
constexpr std::size_t kFirstFrames = 2;

TokenTable tokens_of(EncoderKind kind, const std::vector<ReferenceFrame>& frames, std::size_t count,
                     const DnaTokenizer& tokenizer) {
  TokenTable table;
  DnaTokenizer::Scratch scratch;
  for (std::size_t i = 0; i < count; ++i) {
    append_tokens(table, kind,
                  kind == EncoderKind::kEsm2 ? frames[i].protein : frames[i].nucleotides, tokenizer,
                  scratch);
  }
  return table;
}

}  // namespace

SpeedEstimate estimate_published_speed(const std::string& device, Precision precision,
                                       Backend& backend, double seconds,
                                       const std::stop_token& stop) {
  const Stopwatch all;
  const ModelShapes& published = shapes_named("published-3b");
  ModelShapes shapes = published;
  shapes.dnabert_s->num_hidden_layers = 1;
  shapes.esm2->num_layers = 1;
  const LoadedModels models = random_models(shapes, 500, precision, backend, stop);
  ProbedModel model(models, precision != Precision::kFp32, backend);
  Workspace workspace(backend);
  const std::vector<ReferenceFrame> frames = reference_frames(kMostFrames, kCodons);
  double seconds_per_frame = 0.0;
  for (const EncoderKind kind : kEncoderKinds) {
    const auto time_of = [&](std::size_t count) {
      throw_if_stopped(stop);
      const TokenTable tokens = tokens_of(kind, frames, count, *models.tokenizer);
      const Stopwatch watch;
      const std::size_t embedded = model.embed_first_batch(
          kind, tokens, static_cast<std::int64_t>(tokens.token_count()) * 2, workspace);
      return watch.seconds() / static_cast<double>(embedded);
    };
    time_of(kFirstFrames);  // touches the weights for the first time
    const double rough = std::max(time_of(kFirstFrames), 1e-6);
    const double share = kind == EncoderKind::kEsm2 ? 0.9 : 0.1;  // of the work
    const auto count = static_cast<std::size_t>(
        std::clamp(share * seconds / rough, 2.0, static_cast<double>(kMostFrames)));
    const double layer = std::min(time_of(count), time_of(count));
    const std::int64_t layers = kind == EncoderKind::kEsm2 ? published.esm2->num_layers
                                                           : published.dnabert_s->num_hidden_layers;
    seconds_per_frame += layer * static_cast<double>(layers);
  }
  return {.device = device,
          .precision = precision,
          .frames_per_second = 1.0 / seconds_per_frame,
          .seconds = all.seconds()};
}

}  // namespace virnucpro
