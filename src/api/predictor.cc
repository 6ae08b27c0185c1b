// The public interface over the pipeline: records from memory, windows into a vector.
#include <span>
#include <utility>

#include "base/environment.h"
#include "base/errors.h"
#include "calls/call_rule.h"
#include "devices/devices.h"
#include "devices/exact_models.h"
#include "devices/load_models.h"
#include "pipeline/model_engine.h"
#include "pipeline/model_plan.h"
#include "pipeline/stages.h"
#include "sequence/frames.h"
#include "virnucpro/virnucpro.h"
#include "weights/embedded_bundle.h"

namespace virnucpro {
namespace {

/// Enough rows for matrix products at full speed, few enough for any laptop.
constexpr std::int64_t kBatchTokens = 4096;

}  // namespace

const char* version() noexcept { return VIRNUCPRO_VERSION; }

struct Predictor::State {
  PrecisionChoice precision;
  std::unique_ptr<Backend> backend;
  LoadedModels models;
  std::unique_ptr<ExactModels> exact;  // as in the program, where FP16 gives no finite value
  std::unique_ptr<ModelEngine> engine;
};

Predictor::Predictor(const PredictorOptions& options) : state_(std::make_unique<State>()) {
  if (options.expected_length != 300 && options.expected_length != 500) {
    throw ConfigError("expected_length must be 300 or 500, not " +
                      std::to_string(options.expected_length));
  }
  ModelRequest request;
  request.expected_length = options.expected_length;
  request.bundle = options.bundle.empty() ? kEmbeddedBundle : options.bundle;
  state_->precision = choose_precision({}, process_environment());
  state_->backend = create_backend(options.device, options.threads);
  const OpenBundle open = [is_embedded = options.bundle.empty()](const std::string& name) {
    return is_embedded ? embedded_bundle() : Bundle::open(name);
  };
  const ModelHashing hashing = {
      std::make_shared<ContentHashes>(HashCache(hash_cache_folder(process_environment())))};
  state_->models =
      load_models(request, state_->precision.precision, true, open, *state_->backend, hashing);
  state_->exact = std::make_unique<ExactModels>([request, open, hashing](Backend& backend) {
    return load_models(request, Precision::kFp32, false, open, backend, hashing);
  });
  state_->engine =
      std::make_unique<ModelEngine>(state_->models.model_set(), *state_->backend,
                                    state_->precision.packed, state_->exact->for_engines());
}

Predictor::~Predictor() = default;
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;

std::vector<FrameScore> Predictor::predict(const std::vector<std::string>& sequences) {
  std::vector<FrameScore> scores;
  std::size_t next = 0;
  const LoadedModels& models = state_->models;
  StagePlan plan = plan_for(models);
  plan.records = [&](Record& record) {
    if (next == sequences.size()) return false;
    record.ordinal = next;
    record.id.clear();
    record.bases = sequences[next++];
    return true;
  };
  plan.engines = {state_->engine.get()};
  plan.packed = state_->precision.packed;
  plan.batch_tokens = kBatchTokens;
  std::uint64_t bases = 0;
  for (const std::string& sequence : sequences) bases += sequence.size();
  plan.repeats = repeat_limits(2, bases);  // a call with one read must not pay for millions
  plan.take = [&](const Window& window) {
    window.read.for_each_chunk([&](const Window::ChunkPlace& place) {
      for (std::uint32_t orf = place.first_orf; orf < place.end_orf; ++orf) {
        FrameScore& score = scores.emplace_back();
        score.sequence = static_cast<std::size_t>(place.chunk.record);
        score.chunk = static_cast<std::size_t>(place.chunk.index);
        score.start = static_cast<std::uint64_t>(place.chunk.start);
        score.end = static_cast<std::uint64_t>(place.chunk.end);
        score.frame = frame_name(window.read.orfs[orf].frame);
        const auto failure = window.finished.failures.find(orf);
        if (failure != window.finished.failures.end()) {
          score.status = FrameStatus::kFailed;
          score.failure = failure->second;
          continue;
        }
        const std::span<const float, 2> scores_of_orf = window.computed.scores_of(orf);
        const ScorePair pair = {scores_of_orf[0], scores_of_orf[1]};
        score.p_virus = pair.p_virus;
        score.is_virus = CallRule().is_virus(pair);
      }
    });
  };
  run_stages(plan, {});
  models.require_unchanged();
  return scores;
}

}  // namespace virnucpro
