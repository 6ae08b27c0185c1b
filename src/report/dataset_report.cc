#include "report/dataset_report.h"

#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "base/format.h"

namespace virnucpro {
namespace {

// Keys stay in the order written, because users read this file.
using Json = nlohmann::ordered_json;

const char* label_of(const DatasetGroup& group) { return group.is_virus ? "virus" : "other"; }

Json split_json(const DatasetSplit& split) {
  Json json;
  json["fragments_per_class"] = split.fragments_per_class;
  json["groups"] = Json::array();
  for (const DatasetGroup& group : split.groups) {
    json["groups"].push_back({{"group", group.name},
                              {"label", label_of(group)},
                              {"species", group.species},
                              {"sources", group.sources},
                              {"available", group.available},
                              {"fragments", group.fragments}});
  }
  json["sources"] = Json::array();
  for (const DatasetSource& source : split.sources) {
    json["sources"].push_back(
        {{"source", source.name}, {"species", source.species}, {"fragments", source.fragments}});
  }
  return json;
}

}  // namespace

std::string dataset_summary(const DatasetReport& report) {
  std::string text = "split\tlabel\tgroup\tspecies\tsources\tavailable\tfragments\n";
  for (const DatasetSplit& split : report.splits) {
    for (const DatasetGroup& group : split.groups) {
      text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", split.name, label_of(group),
                          escaped(group.name), group.species, group.sources, group.available,
                          group.fragments);
    }
  }
  return text;
}

std::string dataset_json(const DatasetReport& report) {
  Json json;
  json["program"] = {{"name", "virnucpro"},
                     {"version", report.program_version},
                     {"command_line", report.command_line}};
  json["inputs"] = Json::array();
  for (const DatasetInput& input : report.inputs) {
    json["inputs"].push_back({{"path", input.path},
                              {"bytes", input.content.bytes},
                              {"sha256", input.content.sha256},
                              {"records", input.records},
                              {"labelled", input.labelled},
                              {"annotated", input.annotated}});
  }
  json["labels"] = {{"path", report.labels},
                    {"bytes", report.labels_content.bytes},
                    {"sha256", report.labels_content.sha256},
                    {"unlabelled_records", report.unlabelled_records},
                    {"unlabelled_and_unusable",
                     {{"without_bases", report.problems.without_bases},
                      {"proteins", report.problems.proteins},
                      {"damaged", report.problems.damaged}}},
                    {"unused_labels", report.unused_labels}};
  json["options"] = {{"expected_length", report.expected_length},
                     {"fragments", report.fragments ? Json(*report.fragments) : Json(nullptr)},
                     {"validation_share", report.validation_share},
                     {"test_share", report.test_share},
                     {"seed", report.seed}};
  if (report.frames.choice != FrameChoice::kOpen) {
    json["options"]["frames"] = name_of(report.frames.choice);
    json["options"]["least_run"] = report.frames.least_run;
  }
  if (report.frames.code != GeneticCode()) {
    json["options"]["genetic_code"] = report.frames.code.number();
  }
  json["chunks"] = {{"total", report.chunks},
                    {"with_unknown_bases", report.with_unknown},
                    {"without_counted_frame", report.without_frame},
                    {"as_in_an_earlier_split", report.leaks},
                    {"as_earlier_in_the_split", report.repeats}};
  for (const DatasetSplit& split : report.splits) json["splits"][split.name] = split_json(split);
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

}  // namespace virnucpro
