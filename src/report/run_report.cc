#include "report/run_report.h"

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace virnucpro {
namespace {

// Keys in the order written: people read this file.
using Json = nlohmann::ordered_json;

Json counts_json(const OutcomeCounts& counts) {
  Json json;
  json["total"] = counts.total();
  for (const Outcome outcome :
       {Outcome::kScored, Outcome::kNoOrf, Outcome::kTooShort, Outcome::kFailed}) {
    json[std::string(name_of(outcome))] = counts[outcome];
  }
  return json;
}

Json inputs_json(const std::vector<InputReport>& inputs) {
  Json json = Json::array();
  for (const InputReport& input : inputs) {
    json.push_back({{"path", input.path},
                    {"bytes", input.bytes ? Json(*input.bytes) : Json(nullptr)},
                    {"records", input.records}});
  }
  return json;
}

Json model_json(const RunReport& report) {
  Json parts = Json::object();
  for (const ModelPart& part : report.parts) parts[part.name] = part.sha256;
  return {{"bundle", report.bundle},
          {"version", report.bundle_version},
          {"expected_length", report.expected_length},
          {"sha256", parts}};
}

Json performance_json(const RunReport& report) {
  for (const auto& [encoder, efficiency] : report.packing_efficiency) {
    check(efficiency >= 0.0 && efficiency <= 1.0, "a packing efficiency of {} for {}", efficiency,
          encoder);
  }
  return {{"seconds", report.seconds},
          {"stage_seconds", report.stage_seconds},
          {"tokens", report.tokens},
          {"tokens_per_second", report.tokens_per_second()},
          {"batches", report.batches},
          {"packing_efficiency", report.packing_efficiency},
          {"peak_memory_bytes", report.peak_memory_bytes}};
}

}  // namespace

std::uint64_t RunReport::total_tokens() const {
  std::uint64_t total = 0;
  for (const auto& entry : tokens) total += entry.second;
  return total;
}

double RunReport::tokens_per_second() const {
  return seconds > 0.0 ? static_cast<double>(total_tokens()) / seconds : 0.0;
}

std::string run_json(const RunReport& report) {
  Json json;
  json["program"] = {{"name", "virnucpro"},
                     {"version", report.program_version},
                     {"command_line", report.command_line},
                     {"started_at", report.started_at}};
  json["inputs"] = inputs_json(report.inputs);
  json["model"] = model_json(report);
  json["options"] = {{"precision", report.precision},
                     {"packed", report.packed},
                     {"device", report.device},
                     {"device_description", report.device_description},
                     {"threads", report.threads},
                     {"workers", report.workers},
                     {"numa_nodes", report.numa_nodes},
                     {"batch_tokens", report.batch_tokens},
                     {"automatic_batch_tokens", report.automatic_batch_tokens}};
  json["counts"] = {{"bases", report.intake.bases},
                    {"records", counts_json(report.ledger.records)},
                    {"chunks", counts_json(report.ledger.chunks)},
                    {"frames", report.ledger.frames},
                    {"frames_embedded", report.frames_embedded},
                    {"frames_repeated", report.frames_repeated},
                    {"viral_frames", report.calls.viral_frames},
                    {"viral_chunks", report.calls.viral_chunks},
                    {"viral_records", report.calls.viral_records},
                    {"repeated_ids", report.calls.repeated_ids}};
  json["performance"] = performance_json(report);
  json["warnings"] = report.warnings;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace virnucpro
