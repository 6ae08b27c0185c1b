#include "api/session.h"

#include <algorithm>
#include <utility>

#include "base/environment.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/memory.h"
#include "base/stop.h"
#include "devices/batch_budget.h"
#include "devices/precision_line.h"
#include "pipeline/model_plan.h"
#include "pipeline/on_leaving.h"
#include "sequence/reader.h"
#include "tensor/precision_name.h"
#include "weights/embedded_bundle.h"
#include "weights/open_bundle.h"

namespace virnucpro {
namespace {

/// The run in whose callback this thread is; null: in none.
thread_local const ModelSession* inside = nullptr;

/// Calls `function` as a callback of a run of `session`.
template <typename Function>
auto inside_of(const ModelSession* session, const Function& function) {
  inside = session;
  const OnLeaving leave([] { inside = nullptr; });
  return function();
}

PrecisionRequest precision_request(const std::string& name) {
  PrecisionRequest request;
  if (name.empty()) return request;
  request.precision = precision_named(name);
  if (!request.precision) {
    throw ConfigError(fmt::format(
        "precision '{}': expected fp16, bf16, int8, fp8 or fp32, or nothing for fp16", name));
  }
  request.no_packing = request.precision == Precision::kFp32;  // which cannot run packed
  return request;
}

ModelRequest model_request(const PredictorOptions& options, bool with_classifier) {
  ModelRequest request;
  if (!options.bundle.empty()) request.bundle = options.bundle;
  if (options.expected_length < 0 ||
      (with_classifier && options.expected_length != 0 && options.expected_length != 300 &&
       options.expected_length != 500)) {
    throw ConfigError(
        fmt::format("expected_length must be 300 or 500, not {}; 0 takes the only "
                    "length of the bundle",
                    options.expected_length));
  }
  if (options.expected_length != 0) request.expected_length = options.expected_length;
  if (!options.frames.empty()) {
    request.frames = frame_choice_of(options.frames);
    if (!request.frames) {
      throw ConfigError(fmt::format(
          "frames '{}': expected open, longest or longest-two, or nothing for the choice of the "
          "bundle",
          options.frames));
    }
  }
  const std::optional<GeneticCode> code = GeneticCode::of_number(options.genetic_code);
  if (!code) {
    throw ConfigError(
        fmt::format("genetic_code {}: NCBI has no table of this number", options.genetic_code));
  }
  request.genetic_code = *code;
  return request;
}

/// Hands the counters on to the user's function.
class ProgressCall final : public ProgressSink {
 public:
  ProgressCall(const ModelSession* session, const std::function<void(const Progress&)>& call)
      : session_(session), call_(call) {}

  void update(const RunProgress& progress) override {
    inside_of(session_, [&] {
      call_({progress.records_read, progress.bases_read, progress.frames_found,
             progress.frames_embedded, progress.records_finished, progress.seconds});
    });
  }

 private:
  const ModelSession* session_;
  const std::function<void(const Progress&)>& call_;
};

}  // namespace

Bundle open_bundle_named(const std::string& name) {
  return open_named_bundle(process_environment(), name.empty() ? kEmbeddedBundle : name);
}

ModelSession::ModelSession(const PredictorOptions& options, bool with_classifier)
    : with_classifier_(with_classifier) {
  const Environment environment = process_environment();
  const ModelRequest request = model_request(options, with_classifier);
  PrecisionRequest asked = precision_request(options.precision);
  if (!asked.precision) asked.precision = stored_precision(request, open_bundle_named);
  precision_ = choose_precision(asked, environment);
  DeviceRegistry devices(environment);
  device_ = devices.choose(options.device);
  workers_ = devices.create_workers(device_, options.threads);
  for (const auto& backend : workers_.backends) require_offered(precision_.precision, *backend);
  const ModelHashing hashing = {
      std::make_shared<ContentHashes>(HashCache(hash_cache_folder(environment)))};
  models_.emplace(workers_, [&](Backend& backend) {
    return load_models(request, precision_.precision, with_classifier, open_bundle_named, backend,
                       hashing);
  });
  make_engines(request, open_bundle_named, hashing);
  warnings_ = precision_.warnings;
  warnings_.insert(warnings_.end(), device_.warnings.begin(), device_.warnings.end());
  const std::string accuracy = accuracy_warning(precision_.precision, models().accuracy);
  if (!accuracy.empty()) warnings_.push_back(accuracy);
  automatic_batches_ = options.batch_tokens == 0;
  batch_tokens_ = static_cast<std::int64_t>(options.batch_tokens);
  if (!automatic_batches_) return;
  std::vector<Backend*> backends;
  for (const auto& backend : workers_.backends) backends.push_back(backend.get());
  batch_tokens_ = automatic_batch_tokens(
      backends, precision_.precision, std::max(models().dnabert_s->width(), models().esm2->width()),
      available_memory());
}

void ModelSession::make_engines(const ModelRequest& request, const OpenBundle& open,
                                const ModelHashing& hashing) {
  ModelRequest exact = request;
  exact.widens_stored = true;
  const ExactModels::Load load_exact = [exact, open, hashing](Backend& backend) {
    return load_models(exact, Precision::kFp32, false, open, backend, hashing);
  };
  // By models, because models prepared for one device serve no other.
  for (std::size_t i = 0; i < workers_.backends.size(); ++i) {
    const LoadedModels* const models = models_->by_backend().at(i);
    std::unique_ptr<ExactModels>& widened = exact_[models];
    if (widened == nullptr) widened = std::make_unique<ExactModels>(load_exact);
    engines_.push_back(std::make_unique<ModelEngine>(models->model_set(), *workers_.backends[i],
                                                     precision_.packed, widened->for_engines()));
  }
}

StagePlan ModelSession::plan(const RecordStream& records, const TakeWindow& take) {
  StagePlan plan = plan_for(models());
  for (const auto& engine : engines_) plan.engines.push_back(engine.get());
  plan.records = [this, &records](Record& record) {
    return inside_of(this, [&] { return records(record); });
  };
  plan.take = [this, &take](const Window& window) { inside_of(this, [&] { take(window); }); };
  plan.classify = with_classifier_;
  plan.packed = precision_.packed;
  plan.batch_tokens = batch_tokens_;
  plan.time_sized = automatic_batches_;
  plan.limits = limits_for(batch_tokens_);
  return plan;
}

void ModelSession::wait_for_turn(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!turn_.wait(lock, stop, [this] { return !is_running_; })) throw_if_stopped(stop);
  is_running_ = true;
}

RunTotals ModelSession::run(const MakeRecords& make_records, const TakeWindow& take,
                            const RunControl& control) {
  if (inside == this) {
    throw ConfigError("a run cannot be started from inside a callback of the same object");
  }
  wait_for_turn(control.stop);
  const OnLeaving end_turn([this] {
    {
      const std::lock_guard lock(mutex_);
      is_running_ = false;
    }
    turn_.notify_one();
  });
  for (const auto& backend : workers_.backends) backend->set_stop(control.stop);
  const RecordStream records = make_records(control.stop);
  StagePlan stages = plan(records, take);
  if (control.most_bases != 0) {
    const LoadedModels& loaded = models();
    const std::int64_t row =
        with_classifier_ ? 2 : loaded.dnabert_s->width() + loaded.esm2->width();
    stages.repeats = repeat_limits(static_cast<std::size_t>(row), control.most_bases);
  }
  ProgressCall progress(this, control.progress);
  if (control.progress) stages.progress = &progress;
  const StageReport report = run_stages(stages, control.stop);
  for (const LoadedModels* each : models_->by_backend()) each->require_unchanged();
  return {report.intake.records, report.intake.bases, report.intake.chunks, report.intake.orfs, 0};
}

ModelSession::MakeRecords records_from(const NextSequence& next) {
  return [&next](const std::stop_token&) -> RecordStream {
    return [&next, ordinal = std::uint64_t{0}, sequence = Sequence()](Record& record) mutable {
      if (!next(sequence)) return false;
      record.ordinal = ordinal++;
      record.id.swap(sequence.id);
      record.bases.swap(sequence.bases);
      return true;
    };
  };
}

ModelSession::MakeRecords records_in(const std::vector<std::string>& paths) {
  return [&paths](const std::stop_token& stop) -> RecordStream {
    const auto reader = std::make_shared<SequenceReader>(paths, Log(), stop);
    return [reader](Record& record) { return reader->next(record); };
  };
}

}  // namespace virnucpro
