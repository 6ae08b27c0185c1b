#include "jobs/evaluate.h"

#include <algorithm>
#include <optional>

#include "base/errors.h"
#include "base/format.h"
#include "results/judged_scores.h"
#include "results/run_calibration.h"

namespace virnucpro {
namespace {

/// Throws unless both classes are there: figures of one class alone prove nothing.
void require_both_classes(const std::vector<JudgedItem>& items, const EvaluationRequest& request) {
  const auto viruses = static_cast<std::size_t>(std::count_if(
      items.begin(), items.end(), [](const JudgedItem& item) { return item.is_virus; }));
  if (viruses > 0 && viruses < items.size()) return;
  throw InputError(fmt::format(
      "{}: of {} scored fragments {} are viral by {}; an evaluation needs some of both kinds.",
      request.folder, items.size(), viruses, request.labels));
}

}  // namespace

EvaluationReport evaluate_results(const EvaluationRequest& request, const Log& log,
                                  const std::stop_token& stop) {
  const LabelTable table = read_label_table(request.labels, stop);
  const RunDatabase database(request.folder);
  const JudgedScores scores = collect_judged_scores(database, table, "evaluate", stop);
  warn_of_what_is_left_out(scores.left_out, "the run does not have", log);
  require_both_classes(scores.fragments, request);
  EvaluationReport report;
  report.results = request.folder;
  for (const RunFact& fact : database.work()) report.run.emplace_back(fact.name, fact.value);
  report.labels = request.labels;
  report.labels_content = table.file;
  report.unlabelled_records = scores.left_out.unlabelled_records;
  report.unused_labels = scores.left_out.unused_labels;
  report.rule = request.rule;
  const std::optional<Calibration> calibration = stored_calibration(database);
  report.levels.push_back({"fragments",
                           evaluate(scores.fragments, table.groups, request.rule, stop),
                           scores.unscored_fragments.viruses, scores.unscored_fragments.others});
  report.levels.push_back({"contigs", evaluate(scores.contigs, table.groups, request.rule, stop),
                           scores.unscored_contigs.viruses, scores.unscored_contigs.others});
  if (!calibration) return report;
  const CalibratedItems calibrated = calibrated_items(scores, *calibration);
  report.levels.push_back({"fragments calibrated",
                           evaluate(calibrated.fragments, table.groups, request.rule, stop),
                           scores.unscored_fragments.viruses, scores.unscored_fragments.others});
  report.levels.push_back({"contigs calibrated",
                           evaluate(calibrated.contigs, table.groups, request.rule, stop),
                           scores.unscored_contigs.viruses, scores.unscored_contigs.others});
  return report;
}

}  // namespace virnucpro
