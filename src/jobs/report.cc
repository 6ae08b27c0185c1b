#include "jobs/report.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "backend/cpu/processor.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/partial_file.h"
#include "devices/devices.h"
#include "report/free_folder.h"
#include "results/run_calibration.h"
#include "results/run_facts.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

void require_free_output(const RebuildRequest& request) {
  std::error_code error;
  const std::string& output = request.output;
  if (output.empty() || fs::equivalent(output, request.folder, error)) return;
  require_no_file(output, "results");
  if (RunDatabase::exists(output)) {
    throw ConfigError(
        fmt::format("{}: holds another run ({}), whose results these are not. Name another folder "
                    "with -o.",
                    output, kDatabaseFile));
  }
  const char* const page[] = {kPageFile};
  const std::span<const char* const> written =
      request.page_only ? std::span<const char* const>(page) : kPredictionFiles;
  const char* held = request.force ? nullptr : held_file(output, written);
  if (held == nullptr) return;
  throw ConfigError(
      fmt::format("{}: holds results already ({}). Name another folder with -o, or pass --force to "
                  "replace them.",
                  output, held));
}

/// The run's own device where it can be used here, because its arithmetic gives the same bits.
std::unique_ptr<Backend> backend_like(const std::string& wanted, DeviceChoice& device) {
  DeviceRegistry devices(process_environment());
  try {
    device = devices.choose(wanted);
    return devices.create_backend(device, 0);
  } catch (const DeviceError&) {
    device = devices.choose("auto");
    return devices.create_backend(device, 0);
  }
}

/// A classifier on its device, and its scores.
class Rescored {
 public:
  Rescored(const RunDatabase& database, const RebuildRequest& request, const std::string& folder,
           const Log& log, const std::stop_token& stop, const WorkProgress& progress) {
    const std::vector<RunFact> facts = database.work();
    if (!keeps_embeddings(facts, database.path())) {
      throw ConfigError(
          fmt::format("{}: the run kept no embeddings, so that --classifier has nothing to work "
                      "on. Run 'virnucpro predict' with --keep-embeddings.",
                      database.path()));
    }
    NamedClassifier chosen = request.load_classifier(expected_length_of(facts, database.path()));
    part_ = chosen.part;
    calibration_ = chosen.calibration;
    is_own_ = part_.sha256 == required_fact(facts, kClassifierFact, database.path());
    DeviceChoice device;
    backend_ = backend_like(required_fact(facts, kDeviceFact, database.path()), device);
    log.info("scores by {} on the device {}", part_.name, device.name);
    const Classifier classifier(std::move(chosen.weights), *backend_);
    make_result_folder(folder);
    scores_ = std::make_unique<NewScores>(database, classifier, part_.name, *backend_, folder, stop,
                                          progress);
    require_unchanged(chosen.files);
  }

  /// Replaces the run's calibration; the run's own classifier may come without one.
  void choose_calibration(ResultChoice& choice) const {
    const bool is_other = calibration_ && calibration_ != choice.calibration;
    if (is_other) {
      choice.derived.calibration = ModelPart{part_.name, calibration_sha256(calibration_)};
    }
    if (calibration_ || !is_own_) choice.calibration = calibration_;
  }
  const NewScores* scores() const { return scores_.get(); }
  /// Absent for the classifier that the run itself used.
  std::optional<ModelPart> other() const {
    return is_own_ ? std::nullopt : std::optional<ModelPart>(part_);
  }

 private:
  ModelPart part_;
  std::optional<Calibration> calibration_;
  bool is_own_ = false;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<NewScores> scores_;
};

}  // namespace

StoredResults rebuild_results(const RebuildRequest& request, const Log& log,
                              const std::stop_token& stop, const WorkProgress& progress) {
  const RunDatabase database(request.folder);
  require_complete_run(database, "report");
  require_free_output(request);
  const std::string& folder = request.output.empty() ? request.folder : request.output;
  ResultChoice choice = own_choice(database);
  const bool is_asked =
      request.calls.any() || request.calls.published || request.calls.bundle || request.threshold;
  if (is_asked) choice.calls = request.calls;
  if (request.threshold) choice.calls.published = true;
  choice.rule.threshold = request.threshold.value_or(CallRule::kPublishedThreshold);
  if (choice.rule.threshold != CallRule::kPublishedThreshold) {
    choice.derived.threshold = choice.rule.threshold;
  }
  const TableChoice own_tables = choice.tables;
  if (request.change_tables) request.change_tables(choice.tables);
  if (choice.tables != own_tables) choice.derived.tables = text_of(choice.tables);
  std::optional<Rescored> rescored;
  if (request.load_classifier) {
    rescored.emplace(database, request, folder, log, stop, progress);
    choice.scores = rescored->scores();
    choice.derived.classifier = rescored->other();
    rescored->choose_calibration(choice);
    // The calls of the run may need a calibration that another classifier does not have.
    if (!is_asked && !choice.calibration) choice.calls = {};
  }
  require_calibration(choice.calls, choice.calibration.has_value(), request.folder);
  choice.page_only = request.page_only;
  return publish_stored_results(database, folder, choice, log, stop, progress, usable_cores());
}

}  // namespace virnucpro
