#include "fitting/calibrate.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "results/judged_scores.h"
#include "results/run_facts.h"
#include "run/fact_differences.h"

namespace virnucpro {
namespace {

/// The classifier that the run has used, after a check that all of its models are the bundle's.
BundleClassifier& used_classifier(const RunDatabase& database, const Bundle& bundle,
                                  BundleInfo& info) {
  const std::vector<RunFact> facts = database.work();
  const std::int64_t length = expected_length_of(facts, database.path());
  const auto used =
      std::find_if(info.classifiers.begin(), info.classifiers.end(),
                   [&](const BundleClassifier& each) { return each.expected_length == length; });
  if (used == info.classifiers.end()) {
    throw ConfigError(fmt::format(
        "{}: the run was made for {} bases, {} has no classifier for them. Name the bundle that "
        "the run used with --bundle.",
        database.path(), length, bundle.origin()));
  }
  const std::pair<const char*, const BundlePart*> parts[] = {{"tokenizer", &info.tokenizer},
                                                             {"dnabert_s", &info.dnabert_s},
                                                             {"esm2", &info.esm2},
                                                             {"classifier", &used->part}};
  const std::string* settings = find_fact(facts, model_fact("config"));
  if (settings == nullptr || *settings != encoder_settings_sha256(info)) {
    throw ConfigError(fmt::format(
        "{}: the run's encoders have other settings than bundle.json of {} says. Name the bundle "
        "that the run used with --bundle.",
        database.path(), bundle.origin()));
  }
  for (const auto& [name, part] : parts) {
    const std::string* found = find_fact(facts, model_fact(name));
    if (found != nullptr && *found == part->sha256) continue;
    throw ConfigError(fmt::format(
        "{}: the run's {} has the SHA-256 {}, that of {} has {}. Name the bundle that the run used "
        "with --bundle.",
        database.path(), name, found == nullptr ? "of nothing" : *found, bundle.origin(),
        part->sha256));
  }
  return *used;
}

Truth truth_of(const JudgedItem& item) { return {item.is_virus, item.group, item.source}; }

KnownRun known_run(const JudgedScores& scores) {
  KnownRun run;
  for (std::size_t i = 0; i < scores.fragments.size(); ++i) {
    const JudgedItem& fragment = scores.fragments[i];
    run.chunks.push_back({truth_of(fragment), fragment.score, scores.readings[i]});
  }
  for (std::size_t i = 0; i < scores.contigs.size(); ++i) {
    const JudgedItem& contig = scores.contigs[i];
    const ContigChunks& chunks = scores.contig_chunks[i];
    run.contigs.push_back({truth_of(contig), contig.score, chunks.scored, chunks.all});
  }
  return run;
}

/// The records of others, with their calibrated log odds.
std::vector<OtherRecord> others_of(const JudgedScores& scores, const Calibration& calibration) {
  std::vector<OtherRecord> others;
  std::size_t fragment = 0;
  for (std::size_t i = 0; i < scores.contigs.size(); ++i) {
    ContigEvidence evidence;
    for (std::uint64_t k = 0; k < scores.contig_chunks[i].scored; ++k, ++fragment) {
      const ChunkReading& reading = scores.readings[fragment];
      evidence.add(calibration.chunk_probability(scores.fragments[fragment].score, reading),
                   reading.is_run);
    }
    if (scores.contigs[i].is_virus) continue;
    others.push_back({evidence.log_odds(calibration.contig, scores.contig_chunks[i].all),
                      scores.contigs[i].group});
  }
  for (const JudgedItem& item : scores.unscored_contigs.items) {
    if (!item.is_virus) others.push_back({-std::numeric_limits<double>::infinity(), item.group});
  }
  return others;
}

}  // namespace

CalibrateResult calibrate_bundle(const CalibrateRequest& request, const Bundle& bundle,
                                 const Log& log, const std::stop_token& stop,
                                 const WorkProgress& progress) {
  require_free_bundle_folder(request.bundle_folder, request.force);
  const LabelTable table = read_label_table(request.labels, stop);
  const RunDatabase database(request.folder);
  BundleInfo info = bundle.info();
  BundleClassifier& classifier = used_classifier(database, bundle, info);
  const JudgedScores scores = collect_judged_scores(database, table, "calibrate", stop, progress);
  warn_of_what_is_left_out(scores.left_out, "the run does not have", log);
  const KnownRun run = known_run(scores);

  CalibrateResult result;
  result.expected_length = classifier.expected_length;
  progress.report({.doing = "fitting"});
  result.calibration = fit_calibration(run, request.method, result.expected_length);
  result.calibration.labels_sha256 = table.file.sha256;
  if (request.false_positives) {
    result.calibration.calls = fit_calls(others_of(scores, result.calibration), table.groups,
                                         *request.false_positives, request.excepted);
  }
  result.held_out = cross_validate(run, request.method, result.expected_length, stop, progress);
  classifier.calibration = result.calibration;
  bundle.save(info, request.bundle_folder, request.force, stop);
  return result;
}

}  // namespace virnucpro
