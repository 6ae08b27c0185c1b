#include "results/run_calibration.h"

#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/sha256.h"
#include "base/stop.h"
#include "calls/record_caller.h"
#include "results/run_facts.h"
#include "results/stored_rules.h"
#include "run/damage.h"
#include "run/fact_differences.h"
#include "weights/calibration_card.h"

namespace virnucpro {
namespace {

// Names of texts in the database.
constexpr const char* kCalibrationText = "calibration";
constexpr const char* kCallsText = "calls";

class LogOddsCollector final : public StoredRunVisitor {
 public:
  LogOddsCollector(const Calibration& calibration, const NewScores* scores,
                   const std::stop_token& stop)
      : caller_({}, {&calibration, {}}), scores_(scores), stop_(stop) {}

  const LogOddsHistogram& histogram() const { return histogram_; }

  void begin_record(const StoredRecord&) override {
    throw_if_stopped(stop_);
    caller_.begin();
  }

  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) override {
    if (chunk.outcome != Outcome::kScored || orfs.empty()) return caller_.unscored_chunk();
    LargestScores largest;
    for (const StoredOrf& orf : orfs) {
      largest.add(scores_ == nullptr ? ScorePair{orf.p_others, orf.p_virus}
                                     : scores_->of(orf.number));
    }
    caller_.chunk(largest, reading_of(chunk, orfs));
  }

  void end_record(Outcome, std::string_view) override {
    if (const std::optional<double> log_odds = caller_.end().log_odds) histogram_.add(*log_odds);
  }

 private:
  RecordCaller caller_;
  const NewScores* scores_;
  const std::stop_token& stop_;
  LogOddsHistogram histogram_;
};

}  // namespace

std::string calibration_sha256(const std::optional<Calibration>& calibration) {
  return calibration ? sha256_text(calibration_text(*calibration)) : std::string();
}

void store_calibration(RunDatabase& database, const std::optional<Calibration>& calibration) {
  if (calibration) database.set_text(kCalibrationText, calibration_text(*calibration));
}

std::optional<Calibration> stored_calibration(const RunDatabase& database) {
  const std::vector<RunFact> facts = database.work();
  const std::string* sha256 = find_fact(facts, kCalibrationFact);
  if (sha256 == nullptr) return std::nullopt;
  const std::string text = database.text(kCalibrationText).value_or("");
  if (sha256_text(text) != *sha256) {
    fail_damaged(database.path(), "another calibration than that of the run");
  }
  try {
    return parse_calibration_text(text, "a calibration");
  } catch (const ModelError& error) {
    fail_damaged(database.path(), error.what());
  }
}

void store_calls(RunDatabase& database, const CallRequest& calls) {
  const std::string text = text_of(calls);
  if (database.text(kCallsText).value_or("") == text) return;
  database.set_text(kCallsText, text);
  database.commit();
}

CallRequest stored_calls(const RunDatabase& database) {
  const std::string text = database.text(kCallsText).value_or("");
  if (const std::optional<CallRequest> calls = parse_call_request(text)) return *calls;
  fail_damaged(database.path(), fmt::format("'{}' as the way to call", shown_id(text)));
}

void require_calibration(const CallRequest& calls, bool has_calibration, const std::string& place) {
  if (!calls.any() || has_calibration) return;
  throw ConfigError(fmt::format(
      "{}: the models have no calibration, which --prevalence, --fdr, --conservative and --relaxed "
      "need. Make a bundle with one: virnucpro calibrate DIR --labels FILE -o BUNDLE_DIR, where "
      "DIR is a finished run of known records.",
      place));
}

LogOddsHistogram record_log_odds(const RunDatabase& database, const Calibration& calibration,
                                 const NewScores* scores, const std::stop_token& stop,
                                 std::size_t threads) {
  LogOddsCollector collector(calibration, scores, stop);
  visit_run(database, collector, threads);
  return collector.histogram();
}

}  // namespace virnucpro
