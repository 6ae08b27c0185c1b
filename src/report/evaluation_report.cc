#include "report/evaluation_report.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "base/format.h"
#include "report/curve_rates.h"

namespace virnucpro {
namespace {

// Keys stay in the order written, because users read this file.
using Json = nlohmann::ordered_json;

std::string shown(double value) { return std::isnan(value) ? "NA" : fmt::format("{:.4f}", value); }
std::string exact(double value) { return std::isnan(value) ? "NA" : fmt::format("{:.9g}", value); }
Json number(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

double share(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);  // NaN for 0 / 0
}

/// Calls `take(level, kind, part)` for everything that has figures.
template <typename Take>
void for_each_part(const EvaluationReport& report, const Take& take) {
  for (const EvaluatedLevel& level : report.levels) {
    take(level, "all", level.evaluation.all);
    for (const PartEvaluation& part : level.evaluation.groups) take(level, "group", part);
    for (const PartEvaluation& part : level.evaluation.lengths) take(level, "length", part);
  }
}

Json part_json(const PartEvaluation& part, bool has_intervals) {
  Json metrics = Json::object();
  for (std::size_t m = 0; m < kMetrics; ++m) {
    const Estimate& estimate = part.metrics[m];
    Json& entry = metrics[std::string(metric_name(static_cast<Metric>(m)))];
    entry["value"] = number(estimate.value);
    if (has_intervals) entry["interval_95"] = {number(estimate.low), number(estimate.high)};
  }
  return {{"viruses", part.viruses},
          {"others", part.others},
          {"sources", part.sources},
          {"true_virus", part.confusion.true_virus},
          {"false_virus", part.confusion.false_virus},
          {"true_other", part.confusion.true_other},
          {"false_other", part.confusion.false_other},
          {"metrics", metrics}};
}

Json level_json(const EvaluatedLevel& level, bool has_intervals) {
  const Evaluation& evaluation = level.evaluation;
  Json json;
  json["unscored"] = {{"viruses", level.unscored_viruses}, {"others", level.unscored_others}};
  json["all"] = part_json(evaluation.all, has_intervals);
  json["groups"] = Json::object();
  for (const PartEvaluation& part : evaluation.groups) {
    json["groups"][part.name] = part_json(part, has_intervals);
  }
  json["lengths"] = Json::object();
  for (const PartEvaluation& part : evaluation.lengths) {
    json["lengths"][part.name] = part_json(part, has_intervals);
  }
  json["calibration"] = Json::array();
  for (const CalibrationBin& bin : evaluation.calibration) {
    json["calibration"].push_back(
        {{"items", bin.items},
         {"mean_score", number(bin.score_sum / static_cast<double>(bin.items))},
         {"share_of_viruses", number(share(bin.viruses, bin.items))}});
  }
  return json;
}

}  // namespace

std::string evaluation_summary(const EvaluationReport& report) {
  constexpr Metric kShown[] = {Metric::kAuprc,    Metric::kRecallAtOne, Metric::kRecallAtFive,
                               Metric::kAccuracy, Metric::kPrecision,   Metric::kRecall,
                               Metric::kF1,       Metric::kMcc,         Metric::kCalibrationError,
                               Metric::kLogLoss};
  std::string text = "level\tpart\tviruses\tothers\tauroc\tauroc_interval_95";
  for (const Metric metric : kShown) text += fmt::format("\t{}", metric_name(metric));
  text += '\n';
  for_each_part(report, [&](const EvaluatedLevel& level, const char*, const PartEvaluation& part) {
    const Estimate& auroc = part[Metric::kAuroc];
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}", level.name, escaped(part.name), part.viruses,
                        part.others, shown(auroc.value),
                        std::isnan(auroc.low) ? "NA" : shown(auroc.low) + "-" + shown(auroc.high));
    for (const Metric metric : kShown) text += "\t" + shown(part[metric].value);
    text += '\n';
  });
  return text;
}

std::string metrics_table(const EvaluationReport& report) {
  std::string text = "level\tkind\tpart\tviruses\tothers\tsources\tmetric\tvalue\tlow\thigh\n";
  for_each_part(
      report, [&](const EvaluatedLevel& level, const char* kind, const PartEvaluation& part) {
        for (std::size_t m = 0; m < kMetrics; ++m) {
          const Estimate& estimate = part.metrics[m];
          text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", level.name, kind,
                              escaped(part.name), part.viruses, part.others, part.sources,
                              metric_name(static_cast<Metric>(m)), exact(estimate.value),
                              exact(estimate.low), exact(estimate.high));
        }
      });
  return text;
}

std::string curves_table(const EvaluationReport& report) {
  std::string text = "level\tscore\tfalse_positive_rate\trecall\tprecision\n";
  for (const EvaluatedLevel& level : report.levels) {
    for (const CurveRates& rates : thinned_curve(level.evaluation)) {
      text += fmt::format("{}\t{}\t{}\t{}\t{}\n", level.name, exact(rates.score),
                          exact(rates.false_positive_rate), exact(rates.recall),
                          exact(rates.precision));
    }
  }
  return text;
}

std::string calibration_table(const EvaluationReport& report) {
  std::string text = "level\tfrom\tto\titems\tmean_score\tshare_of_viruses\n";
  for (const EvaluatedLevel& level : report.levels) {
    for (std::size_t i = 0; i < kCalibrationBins; ++i) {
      const CalibrationBin& bin = level.evaluation.calibration[i];
      text += fmt::format("{}\t{:.1f}\t{:.1f}\t{}\t{}\t{}\n", level.name,
                          static_cast<double>(i) / kCalibrationBins,
                          static_cast<double>(i + 1) / kCalibrationBins, bin.items,
                          exact(bin.score_sum / static_cast<double>(bin.items)),
                          exact(share(bin.viruses, bin.items)));
    }
  }
  return text;
}

std::string evaluation_json(const EvaluationReport& report) {
  Json run = Json::object();
  for (const auto& [name, value] : report.run) run[name] = value;
  Json json;
  json["program"] = {{"name", "virnucpro"},
                     {"version", report.program_version},
                     {"command_line", report.command_line}};
  json["results"] = {{"folder", report.results}, {"run", run}};
  json["labels"] = {{"file", report.labels},
                    {"bytes", report.labels_content.bytes},
                    {"sha256", report.labels_content.sha256},
                    {"unlabelled_records", report.unlabelled_records},
                    {"unused_labels", report.unused_labels}};
  json["options"] = {{"threshold", report.rule.threshold},
                     {"resamples", report.rule.resamples},
                     {"seed", report.rule.seed}};
  for (const EvaluatedLevel& level : report.levels) {
    json[level.name] = level_json(level, report.rule.resamples > 0);
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace virnucpro
