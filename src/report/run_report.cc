#include "report/run_report.h"

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/format.h"
#include "report/run_json_parts.h"
#include "run/damage.h"

namespace virnucpro {
namespace {

// Keys stay in the order written, because users read this file.
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
                    {"sha256", input.sha256.empty() ? Json(nullptr) : Json(input.sha256)},
                    {"records", input.records}});
  }
  return json;
}

Json model_json(const RunReport& report) {
  Json parts = Json::object();
  for (const ModelPart& part : report.parts) parts[part.name] = part.sha256;
  Json json = {{"bundle", report.bundle},
               {"version", report.bundle_version},
               {"expected_length", report.expected_length},
               {"sha256", parts}};
  if (!report.calibration_sha256.empty()) json["calibration_sha256"] = report.calibration_sha256;
  return json;
}

/// True for a text of a run that reads runs where no frame is open.
bool reads_runs(const Json& json) { return json.at("options").contains("frames"); }

/// The totals of the tables and the intake.
Json counts_json(const RunReport& report, bool with_runs) {
  Json json = {{"bases", report.intake.bases},
               {"records", counts_json(report.ledger.records)},
               {"chunks", counts_json(report.ledger.chunks)},
               {"frames", report.ledger.frames},
               {"failed_frames", report.ledger.failed_frames},
               {"frames_embedded", report.frames_embedded},
               {"frames_repeated", report.frames_repeated},
               {"viral_frames", report.calls.viral_frames},
               {"viral_chunks", report.calls.viral_chunks},
               {"viral_records", report.calls.viral_records},
               {"repeated_ids", report.calls.repeated_ids}};
  if (with_runs) {
    json["records_read_by_runs"] = report.ledger.run_records;
    json["chunks_read_by_runs"] = report.ledger.run_chunks;
  }
  return json;
}

Json devices_json(const std::vector<DeviceReport>& devices) {
  Json json = Json::array();
  for (const DeviceReport& device : devices) {
    json.push_back({{"name", device.name},
                    {"description", device.description},
                    {"workers", device.workers},
                    {"batches", device.batches},
                    {"tokens", device.tokens},
                    {"busy_seconds", device.busy_seconds}});
  }
  return json;
}

std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
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
          {"peak_memory_bytes", report.peak_memory_bytes},
          {"devices", devices_json(report.devices)}};
}

}  // namespace

Json sessions_json(std::span<const SessionReport> sessions) {
  Json json = Json::array();
  for (const auto& [session, faults] : sessions) {
    json.push_back({{"started_at", session.started_at},
                    {"device", session.device},
                    {"seconds", session.seconds},
                    {"frames_computed", session.orfs_computed},
                    {"faults", fault_json(faults)}});
  }
  return json;
}

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
  if (report.shards > 1) json["shard"] = fmt::format("{}/{}", report.shard, report.shards);
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
  // Said where they are not the published ones, so that published runs keep their text.
  if (report.frames.choice != FrameChoice::kOpen) {
    json["options"]["frames"] = name_of(report.frames.choice);
    json["options"]["least_run"] = report.frames.least_run;
  }
  if (report.frames.code != GeneticCode()) {
    json["options"]["genetic_code"] = report.frames.code.number();
  }
  json["counts"] = counts_json(report, reads_runs(json));
  json["performance"] = performance_json(report);
  json["faults"] = fault_json(report.faults);
  json["sessions"] = sessions_json(report.sessions);
  json["warnings"] = report.warnings;
  return text_of(json);
}

std::string with_results(std::string_view run_json, const std::string& place,
                         const RunReport& report) {
  try {
    Json json = Json::parse(run_json);
    Json counts = counts_json(report, reads_runs(json));
    // Only the process that computed the frames knows these.
    for (const char* key : {"frames_embedded", "frames_repeated"}) {
      counts[key] = json.at("counts").at(key);
    }
    if (report.calls.viral_regions) counts["viral_regions"] = *report.calls.viral_regions;
    json["counts"] = std::move(counts);
    json["faults"] = fault_json(report.faults);
    json["sessions"] = sessions_json(report.sessions);
    for (const std::string& warning : report.warnings) json["warnings"].push_back(warning);
    return text_of(json);
  } catch (const Json::exception& error) {
    fail_damaged(place, fmt::format("no text of run.json ({})", error.what()));
  }
}

}  // namespace virnucpro
