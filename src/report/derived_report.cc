#include "report/derived_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/format.h"
#include "report/run_json_parts.h"
#include "run/damage.h"

namespace virnucpro {
namespace {

// Keys stay in the order written, because users read this file.
using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Runs `action`, which reads a text of run_json().
template <typename Action>
void reading(const std::string& place, const Action& action) {
  try {
    action();
  } catch (const Json::exception& error) {
    fail_damaged(place, fmt::format("no text of run.json ({})", error.what()));
  }
}

/// Adds numbers, joins lists, and does the same inside objects.
void add(Json& sum, const Json& more) {
  if (sum.is_object()) {
    for (auto& [key, value] : sum.items()) add(value, more.at(key));
  } else if (sum.is_array()) {
    sum.insert(sum.end(), more.begin(), more.end());
  } else if (sum.is_number_float() || more.is_number_float()) {
    sum = sum.get<double>() + more.get<double>();
  } else if (sum.is_number()) {
    sum = sum.get<std::uint64_t>() + more.get<std::uint64_t>();
  }
}

void keep_what_is_equal(Json& options, const Json& more) {
  for (auto& [key, value] : options.items()) {
    if (more.at(key) != value) value = nullptr;
  }
}

/// Tokens over the capacity of all batches.
Json efficiency_of(const Json& sum, const std::vector<Json>& parts) {
  Json result = Json::object();
  for (const auto& [encoder, total] : sum.at("tokens").items()) {
    double capacity = 0.0;
    for (const Json& part : parts) {
      const double efficiency = part.at("packing_efficiency").at(encoder).get<double>();
      if (efficiency > 0.0) capacity += part.at("tokens").at(encoder).get<double>() / efficiency;
    }
    result[encoder] = capacity > 0.0 ? std::min(1.0, total.get<double>() / capacity) : 0.0;
  }
  return result;
}

Json performance_of(const std::vector<Json>& parts) {
  Json sum = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) add(sum, parts[i]);
  std::uint64_t tokens = 0;
  for (const auto& [encoder, count] : sum.at("tokens").items())
    tokens += count.get<std::uint64_t>();
  const double seconds = sum.at("seconds").get<double>();
  sum["tokens_per_second"] = seconds > 0.0 ? static_cast<double>(tokens) / seconds : 0.0;
  sum["packing_efficiency"] = efficiency_of(sum, parts);
  std::uint64_t peak = 0;
  for (const Json& part : parts) {
    peak = std::max(peak, part.at("peak_memory_bytes").get<std::uint64_t>());
  }
  sum["peak_memory_bytes"] = peak;
  return sum;
}

Json described(const MergedShard& shard, const Json& json) {
  return {{"folder", shard.folder},
          {"shard", json.value("shard", "1/1")},
          {"records", shard.records},
          {"chunks", shard.chunks},
          {"frames", shard.frames},
          {"frames_embedded", json.at("counts").at("frames_embedded")},
          {"frames_repeated", json.at("counts").at("frames_repeated")},
          {"sessions", sessions_json(shard.sessions)}};
}

/// `whole` is the first shard's text and becomes that of all.
void take_in(Json& whole, const Json& more) {
  for (std::size_t i = 0; i < whole.at("inputs").size(); ++i) {
    add(whole.at("inputs").at(i).at("records"), more.at("inputs").at(i).at("records"));
  }
  keep_what_is_equal(whole.at("options"), more.at("options"));
  add(whole.at("counts"), more.at("counts"));
  add(whole.at("faults"), more.at("faults"));
  for (const Json& warning : more.at("warnings")) {
    Json& warnings = whole.at("warnings");
    if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) {
      warnings.push_back(warning);
    }
  }
}

}  // namespace

std::string with_derivation(const std::string& run_json, const std::string& place,
                            const DerivedFrom& derived) {
  if (!derived.threshold && !derived.classifier && !derived.calibration && !derived.tables) {
    return run_json;
  }
  std::string text;
  reading(place, [&] {
    Json json = Json::parse(run_json);
    Json& report = json["report"] = Json::object();
    if (derived.threshold) report["threshold"] = *derived.threshold;
    if (derived.classifier) {
      report["classifier"] = {{"name", derived.classifier->name},
                              {"sha256", derived.classifier->sha256}};
    }
    if (derived.calibration) {
      report["calibration"] = {{"bundle", derived.calibration->name},
                               {"sha256", derived.calibration->sha256}};
    }
    if (derived.tables) report["tables"] = *derived.tables;
    text = text_of(json);
  });
  return text;
}

std::string with_calls(const std::string& run_json, const std::string& place,
                       const CalledBy& called) {
  std::string text;
  reading(place, [&] {
    Json json = Json::parse(run_json);
    Json& calls = json["calls"] = Json::object();
    const CallRequest& request = called.request;
    if (request.fdr) calls["fdr"] = *request.fdr;
    if (request.conservative) calls["preset"] = "conservative";
    if (request.relaxed) calls["preset"] = "relaxed";
    if (called.rule.is_bundles) calls["rule"] = "bundle";
    calls["prevalence"] = called.rule.prevalence;
    calls["prevalence_estimated"] = called.rule.estimate.has_value();
    if (const std::optional<PrevalenceEstimate>& estimate = called.rule.estimate) {
      calls["prevalence_range"] = {estimate->lowest, estimate->highest};
    }
    if (called.rule.threshold) {
      calls["threshold"] = called.rule.least_probability();
      calls["called"] = called.called;
      calls["expected_false_discoveries"] = called.expected_false_discoveries;
    }
    text = text_of(json);
  });
  return text;
}

std::string merged_run_json(const std::vector<MergedShard>& shards,
                            const std::vector<std::string>& command_line,
                            const std::string& started_at) {
  check(!shards.empty(), "a merged run without shards");
  Json whole;
  Json merged_from = Json::array();
  std::vector<Json> performance;
  for (const MergedShard& shard : shards) {
    reading(shard.place, [&] {
      const Json json = Json::parse(shard.run_json);
      merged_from.push_back(described(shard, json));
      performance.push_back(json.at("performance"));
      if (whole.is_null()) {
        whole = json;
        whole.erase("shard");
      } else {
        take_in(whole, json);
      }
    });
  }
  reading(shards.front().place, [&] {
    whole.at("program")["command_line"] = command_line;
    whole.at("program")["started_at"] = started_at;
    whole["performance"] = performance_of(performance);
  });
  whole["merged_from"] = std::move(merged_from);
  return text_of(whole);
}

}  // namespace virnucpro
