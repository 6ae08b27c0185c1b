// Loaded models on their devices, and runs with them: what Predictor and Embedder share.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "devices/device_models.h"
#include "devices/devices.h"
#include "devices/exact_models.h"
#include "devices/load_models.h"
#include "models/precision_policy.h"
#include "pipeline/model_engine.h"
#include "pipeline/stages.h"
#include "virnucpro/virnucpro.h"

namespace virnucpro {

/// As weights/open_bundle.h, with the variables of the process; empty: the embedded bundle. Throws
/// ModelError.
Bundle open_bundle_named(const std::string& name);

/// One run at a time; others wait for it. Any number of sessions live side by side.
class ModelSession {
 public:
  /// Opens the devices and loads the models. Throws the typed errors of base/errors.h. What an
  /// Embedder has no option for is as the default of PredictorOptions.
  ModelSession(const PredictorOptions& options, bool with_classifier);

  /// Where the records of a run come from, given the run's stop token.
  using MakeRecords = std::function<RecordStream(const std::stop_token& stop)>;

  /// Throws ConfigError inside a callback of a run of this session, Interrupted also while it waits
  /// for another run.
  RunTotals run(const MakeRecords& make_records, const TakeWindow& take, const RunControl& control);

  const LoadedModels& models() const { return models_->front(); }
  const std::vector<std::string>& warnings() const { return warnings_; }
  const std::string& device() const { return device_.name; }

 private:
  void make_engines(const ModelRequest& request, const OpenBundle& open,
                    const ModelHashing& hashing);
  void wait_for_turn(const std::stop_token& stop);
  StagePlan plan(const RecordStream& records, const TakeWindow& take);

  const bool with_classifier_;
  PrecisionChoice precision_;
  DeviceChoice device_;
  std::vector<std::string> warnings_;
  Workers workers_;
  std::optional<DeviceModels> models_;
  std::map<const LoadedModels*, std::unique_ptr<ExactModels>> exact_;  // where FP16 is not finite
  std::vector<std::unique_ptr<ModelEngine>> engines_;
  bool automatic_batches_ = true;
  std::int64_t batch_tokens_ = 0;
  std::mutex mutex_;
  std::condition_variable_any turn_;
  bool is_running_ = false;
};

/// Records from a callback of the user.
ModelSession::MakeRecords records_from(const NextSequence& next);
/// Records from files, which are opened when the run begins.
ModelSession::MakeRecords records_in(const std::vector<std::string>& paths);

}  // namespace virnucpro
