#include "jobs/evaluate.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/counted.h"
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
      "{}: of {} {} are viral by {}; an evaluation needs some of both kinds.", request.folder,
      counted(items.size(), "scored fragment"), viruses, request.labels));
}

/// Adds the items that have a score as the level `name`, and with those that have none, whose score
/// is the lowest, as `name` all.
class Levels {
 public:
  Levels(EvaluationReport& report, const LabelTable& table, const std::stop_token& stop,
         const WorkProgress& progress)
      : report_(report), table_(table), stop_(stop), progress_(progress) {}

  void add(const std::string& name, std::vector<JudgedItem> items, const UnscoredItems& unscored) {
    report_.levels.push_back(
        {name, evaluated(items), unscored.viruses, unscored.others, /*counts_unscored=*/false});
    EvaluatedLevel all = {name + " all", {}, 0, 0, /*counts_unscored=*/true};
    if (unscored.items.empty()) {
      all.evaluation = report_.levels.back().evaluation;
    } else {
      items.insert(items.end(), unscored.items.begin(), unscored.items.end());
      all.evaluation = evaluated(items);
    }
    report_.levels.push_back(std::move(all));
  }

 private:
  Evaluation evaluated(const std::vector<JudgedItem>& items) const {
    return evaluate(items, table_.groups, report_.rule, stop_, progress_);
  }

  EvaluationReport& report_;
  const LabelTable& table_;
  const std::stop_token& stop_;
  const WorkProgress& progress_;
};

}  // namespace

EvaluationReport evaluate_results(const EvaluationRequest& request, const Log& log,
                                  const std::stop_token& stop, const WorkProgress& progress) {
  const LabelTable table = read_label_table(request.labels, stop);
  const RunDatabase database(request.folder);
  const JudgedScores scores = collect_judged_scores(database, table, "evaluate", stop, progress);
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
  Levels levels(report, table, stop, progress);
  levels.add("fragments", scores.fragments, scores.unscored_fragments);
  levels.add("contigs", scores.contigs, scores.unscored_contigs);
  if (!calibration) return report;
  CalibratedItems calibrated = calibrated_items(scores, *calibration);
  levels.add("fragments calibrated", std::move(calibrated.fragments), scores.unscored_fragments);
  levels.add("contigs calibrated", std::move(calibrated.contigs), scores.unscored_contigs);
  return report;
}

}  // namespace virnucpro
