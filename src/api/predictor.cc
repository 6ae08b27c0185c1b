// Predictor: calls from a session with a classifier.
#include <utility>

#include "api/call_walk.h"
#include "api/session.h"
#include "base/errors.h"
#include "base/format.h"
#include "calls/call_choice.h"

namespace virnucpro {
namespace {

CallRequest call_request(const PredictorOptions& options) {
  CallRequest request;
  request.conservative = options.calls == "conservative";
  request.relaxed = options.calls == "relaxed";
  request.published = options.calls == "published";
  if (!request.calls() && !request.published && options.calls != "bundle") {
    throw ConfigError(fmt::format("calls '{}': expected bundle, published, conservative or relaxed",
                                  options.calls));
  }
  if (!(options.prevalence > 0.0 && options.prevalence < 1.0)) {
    throw ConfigError(
        fmt::format("prevalence {}: expected a number above 0 and below 1", options.prevalence));
  }
  constexpr double kUsual = 0.5;  // which needs no calibration
  if (options.prevalence != kUsual) request.prevalence = options.prevalence;
  return request;
}

/// Borrows the calibration of the models.
CalibratedCalls calls_of(const CallRequest& request, const LoadedModels& models) {
  if (!models.calibration) {
    if (!request.any()) return {};
    throw ConfigError(fmt::format(
        "{}: the models have no calibration, which a prevalence and the calls conservative and "
        "relaxed need; 'virnucpro calibrate' makes a bundle with one",
        models.bundle));
  }
  const std::optional<BundleCalls>& named = models.calibration->calls;
  return {&*models.calibration, choose_rule(request, {}, named ? &*named : nullptr)};
}

class FrameCollector final : public CallReceiver {
 public:
  void chunk(const ChunkCall& call) override {
    scores_.insert(scores_.end(), call.frames.begin(), call.frames.end());
  }
  std::vector<FrameScore> take() { return std::move(scores_); }

 private:
  std::vector<FrameScore> scores_;
};

}  // namespace

/// A session and the rule of its calls.
class Predictor::State {
 public:
  explicit State(const PredictorOptions& options)
      : request_(call_request(options)),
        session_(options, /*with_classifier=*/true),
        calls_(calls_of(request_, session_.models())) {}

  RunTotals run(const ModelSession::MakeRecords& records, CallReceiver& receiver,
                const RunControl& control) {
    CallWalk walk(calls_, receiver);
    const TakeWindow take = [&walk](const Window& window) { walk.take(window); };
    RunTotals totals = session_.run(records, take, control);
    totals.failed_frames = walk.failed_frames();
    return totals;
  }
  const ModelSession& session() const { return session_; }

 private:
  const CallRequest request_;
  ModelSession session_;
  const CalibratedCalls calls_;
};

Predictor::Predictor(const PredictorOptions& options) : state_(std::make_unique<State>(options)) {}
Predictor::~Predictor() = default;
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;

std::vector<FrameScore> Predictor::predict(const std::vector<std::string>& sequences) {
  std::size_t next = 0;
  const NextSequence give = [&](Sequence& sequence) {
    if (next == sequences.size()) return false;
    sequence.id.clear();
    sequence.bases = sequences[next++];
    return true;
  };
  RunControl control;
  control.most_bases = 1;  // an empty call, too, is a small one
  for (const std::string& sequence : sequences) control.most_bases += sequence.size();
  FrameCollector collector;
  state_->run(records_from(give), collector, control);
  return collector.take();
}

RunTotals Predictor::run(const NextSequence& next, CallReceiver& receiver,
                         const RunControl& control) {
  return state_->run(records_from(next), receiver, control);
}

RunTotals Predictor::run_files(const std::vector<std::string>& paths, CallReceiver& receiver,
                               const RunControl& control) {
  return state_->run(records_in(paths), receiver, control);
}

const std::vector<std::string>& Predictor::warnings() const { return state_->session().warnings(); }
const std::string& Predictor::device() const { return state_->session().device(); }
std::int64_t Predictor::expected_length() const {
  return state_->session().models().expected_length;
}

}  // namespace virnucpro
