#include "report/training_report.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/format.h"

namespace virnucpro {
namespace {

// Keys stay in the order written, because users read this file.
using Json = nlohmann::ordered_json;

std::string exact(double value) { return std::isnan(value) ? "NA" : fmt::format("{:.9g}", value); }
Json number(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

/// Paths and names come from outside and need not be UTF-8.
std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json settings_json(const TrainingReport& report) {
  const TrainingSettings& settings = report.settings;
  return {{"optimizer", name_of(settings.optimizer)},
          {"schedule", name_of(settings.schedule)},
          {"learning_rate", settings.learning_rate},
          {"weight_decay", settings.weight_decay},
          {"epochs", settings.epochs},
          {"batch", settings.batch},
          {"hidden", settings.hidden},
          {"dropout", settings.dropout},
          {"patience", settings.patience},
          {"balance", name_of(settings.balance)},
          {"validation_share", report.validation_share},
          {"seed", settings.seed}};
}

Json part_json(const SplitPart& part) {
  return {{"frames", part.frames}, {"viral_frames", part.viruses}, {"sources", part.sources}};
}

Json epoch_json(const EpochMetrics& epoch) {
  return {{"epoch", epoch.epoch},
          {"learning_rate", epoch.learning_rate},
          {"training_loss", number(epoch.training_loss)},
          {"validation_loss", number(epoch.validation_loss)},
          {"auroc", number(epoch.auroc)},
          {"auprc", number(epoch.auprc)},
          {"accuracy", number(epoch.accuracy)},
          {"mcc", number(epoch.mcc)}};
}

std::string classifier_key(const TrainingReport& report) {
  return fmt::format("classifier_{}", report.expected_length);
}

/// What the card of the base holds, with this report added.
std::string card_text(const TrainingReport& report, const std::string& of_base, Json own) {
  Json base = Json::parse(of_base, nullptr, false);
  if (!base.is_object()) base = of_base;
  return text_of({{"base", base}, {classifier_key(report), std::move(own)}}, -1);
}

}  // namespace

std::string training_table(const TrainingReport& report) {
  std::string text =
      "epoch\tlearning_rate\ttraining_loss\tvalidation_loss\tauroc\tauprc\taccuracy\tmcc\tbest\n";
  for (const EpochMetrics& epoch : report.epochs) {
    text +=
        fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", epoch.epoch, exact(epoch.learning_rate),
                    exact(epoch.training_loss), exact(epoch.validation_loss), exact(epoch.auroc),
                    exact(epoch.auprc), exact(epoch.accuracy), exact(epoch.mcc),
                    epoch.epoch == report.best_epoch ? "yes" : "no");
  }
  return text;
}

std::string training_json(const TrainingReport& report) {
  Json json;
  json["program"] = {{"name", "virnucpro"}, {"version", report.program_version}};
  json["base"] = {{"bundle", report.base}, {"version", report.base_version}};
  json["expected_length"] = report.expected_length;
  json["inputs"] = Json::array();
  for (const InputReport& input : report.inputs) {
    Json& entry = json["inputs"].emplace_back(Json{{"path", input.path}});
    if (input.sha256.empty()) continue;
    entry["bytes"] = input.bytes.value_or(0);
    entry["sha256"] = input.sha256;
  }
  json["labels"] = {{"file", report.labels},
                    {"bytes", report.labels_content.bytes},
                    {"sha256", report.labels_content.sha256},
                    {"unlabelled_records", report.unlabelled_records},
                    {"unused_labels", report.unused_labels}};
  json["failed_frames"] = report.failed_frames;
  if (!report.frames.empty()) {
    json["frames"] = {{"file", report.frames},
                      {"bytes", report.frames_content.bytes},
                      {"sha256", report.frames_content.sha256}};
  }
  json["settings"] = settings_json(report);
  json["training"] = part_json(report.training);
  json["validation"] = part_json(report.validation);
  json["groups"] = Json::object();
  for (const GroupPart& group : report.groups) {
    json["groups"][group.name] = {{"training_frames", group.training},
                                  {"validation_frames", group.validation}};
  }
  json["best_epoch"] = report.best_epoch;
  json["epochs"] = Json::array();
  for (const EpochMetrics& epoch : report.epochs) json["epochs"].push_back(epoch_json(epoch));
  return text_of(json, 2) + "\n";
}

std::string card_training_data(const TrainingReport& report, const std::string& of_base) {
  return card_text(report, of_base,
                   {{"labels_sha256", report.labels_content.sha256},
                    {"training", part_json(report.training)},
                    {"validation", part_json(report.validation)},
                    {"settings", settings_json(report)}});
}

std::string card_metrics(const TrainingReport& report, const std::string& of_base) {
  Json best = epoch_json(report.epochs.at(report.best_epoch - 1));
  best["level"] = "chunks of the validation sources, which chose the epoch";
  return card_text(report, of_base, std::move(best));
}

}  // namespace virnucpro
