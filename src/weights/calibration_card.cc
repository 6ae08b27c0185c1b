#include "weights/calibration_card.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "base/format.h"
#include "base/sha256.h"
#include "weights/display_name.h"

namespace virnucpro {
namespace {

constexpr std::size_t kMostClasses = 16;
constexpr std::int64_t kMostItems = std::int64_t{1} << 53;
/// Beyond the result of any fit, and far from overflow.
constexpr double kMostCoefficient = 1e4;
/// Runs always count a little, so that a record of runs alone has evidence.
constexpr double kLeastRunWeight = 1e-3;
/// Of the exceptions to the rule of calls.
constexpr std::size_t kMostExcepted = 1000;
/// The prevalence that probabilities refer to; other values have no meaning yet.
constexpr double kPrevalence = 0.5;

double bounded(const JsonObject& json, const std::string& key, double low, double high) {
  const double value = json.number(key);
  if (value < low || value > high) {
    json.fail(key, fmt::format("is {}, expected {} to {}", value, low, high));
  }
  return value;
}

/// Refuses unknown keys, because one could change what the numbers mean.
void require_known(const JsonObject& json, std::initializer_list<const char*> known) {
  for (const auto& [key, value] : json.value().items()) {
    const auto is_key = [&key = key](const char* each) { return key == each; };
    if (std::none_of(known.begin(), known.end(), is_key)) {
      json.fail(key, "not known; update this program");
    }
  }
}

std::vector<Knot> parse_knots(const JsonObject& json) {
  const nlohmann::json& list = json.value()["knots"];
  if (!list.is_array() || list.empty() || list.size() > kMostKnots) {
    json.fail("knots", fmt::format("expected a list of 1 to {} pairs", kMostKnots));
  }
  std::vector<Knot> knots;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const nlohmann::json& pair = list[i];
    const std::string place = fmt::format("knots[{}]", i);
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number()) {
      json.fail(place, "expected a score and a probability");
    }
    const Knot knot = {pair[0].get<double>(), pair[1].get<double>()};
    // Also false for values that are not finite.
    const bool in_bounds = knot.score >= 0.0 && knot.score <= 1.0 && knot.probability >= 0.0 &&
                           knot.probability <= 1.0;
    if (!in_bounds) json.fail(place, "expected numbers from 0 to 1");
    if (!knots.empty() && !(knot.score > knots.back().score)) {
      json.fail(place, "the score is not above the one before");
    }
    if (!knots.empty() && knot.probability < knots.back().probability) {
      json.fail(place, "the probability is below the one before");
    }
    knots.push_back(knot);
  }
  return knots;
}

ScoreMap parse_map(const JsonObject& json, CalibrationMethod method) {
  ScoreMap map;
  if (method == CalibrationMethod::kIsotonic) {
    require_known(json, {"knots"});
    if (!json.has("knots")) json.fail("knots", "missing, expected a list of pairs");
    map.knots = parse_knots(json);
    return map;
  }
  require_known(json, {"slope", "intercept"});
  map.slope = bounded(json, "slope", 0.0, kMostCoefficient);
  map.intercept = bounded(json, "intercept", -kMostCoefficient, kMostCoefficient);
  return map;
}

std::uint64_t parse_count(const JsonObject& json, const std::string& key) {
  return static_cast<std::uint64_t>(json.integer(key, 0, kMostItems));
}

RunMap parse_run_map(const JsonObject& json, CalibrationMethod method) {
  RunMap map;
  const auto coefficient = [&](const char* key) {
    return bounded(json, key, -kMostCoefficient, kMostCoefficient);
  };
  map.intercept = coefficient("intercept");
  map.score = coefficient("score");
  map.length = coefficient("length");
  map.score_by_length = coefficient("score_by_length");
  map.share = coefficient("share");
  const bool is_isotonic = method == CalibrationMethod::kIsotonic;
  if (is_isotonic) {
    require_known(json, {"intercept", "score", "length", "score_by_length", "share", "knots"});
    if (!json.has("knots")) json.fail("knots", "missing, expected a list of pairs");
    map.knots = parse_knots(json);
  } else {
    require_known(json, {"intercept", "score", "length", "score_by_length", "share"});
  }
  return map;
}

/// Classes whose maps `parse` reads.
template <typename Class, typename Parse>
std::vector<Class> parse_classes(const JsonObject& json, CalibrationMethod method,
                                 const Parse& parse) {
  std::vector<Class> classes;
  for (const JsonObject& each : json.objects("length_classes")) {
    require_known(each, {"from", "viruses", "others", "map"});
    Class& length_class = classes.emplace_back();
    length_class.from = parse_count(each, "from");
    length_class.viruses = parse_count(each, "viruses");
    length_class.others = parse_count(each, "others");
    if (each.has("map")) length_class.map = parse(each.object("map"), method);
    const bool is_first = classes.size() == 1;
    if (is_first ? length_class.from != 0 : length_class.from <= classes[classes.size() - 2].from) {
      each.fail("from", "expected lengths that rise from 0");
    }
  }
  if (classes.empty() || classes.size() > kMostClasses) {
    json.fail("length_classes", fmt::format("expected 1 to {} of them", kMostClasses));
  }
  return classes;
}

RunCalibration parse_runs(const JsonObject& json, CalibrationMethod method) {
  require_known(json, {"unit", "all", "length_classes"});
  RunCalibration runs;
  runs.unit = static_cast<std::uint64_t>(json.integer("unit", 1, kMostItems));
  runs.all = parse_run_map(json.object("all"), method);
  runs.classes = parse_classes<RunClass>(json, method, parse_run_map);
  return runs;
}

BundleCalls parse_calls(const JsonObject& json) {
  require_known(json, {"log_odds", "false_positives", "excepted_groups"});
  BundleCalls calls;
  calls.log_odds = bounded(json, "log_odds", -kMostLogOdds, kMostLogOdds);
  calls.false_positives = bounded(json, "false_positives", 0.0, 1.0);
  const nlohmann::json& names = json.value()["excepted_groups"];
  const bool are_texts =
      names.is_array() && names.size() <= kMostExcepted &&
      std::ranges::all_of(names, [](const auto& name) { return name.is_string(); });
  if (!are_texts) json.fail("excepted_groups", "expected a list of texts");
  for (const nlohmann::json& name : names) calls.excepted.push_back(name.get<std::string>());
  return calls;
}

template <typename Class, typename Format>
nlohmann::ordered_json classes_json(const std::vector<Class>& classes, const Format& format) {
  auto json = nlohmann::ordered_json::array();
  for (const Class& each : classes) {
    nlohmann::ordered_json entry = {
        {"from", each.from}, {"viruses", each.viruses}, {"others", each.others}};
    if (each.map) entry["map"] = format(*each.map);
    json.push_back(std::move(entry));
  }
  return json;
}

nlohmann::ordered_json knots_json(const std::vector<Knot>& list) {
  auto knots = nlohmann::ordered_json::array();
  for (const Knot& knot : list) {
    knots.push_back(nlohmann::ordered_json::array({knot.score, knot.probability}));
  }
  return knots;
}

nlohmann::ordered_json run_map_json(const RunMap& map) {
  nlohmann::ordered_json json = {{"intercept", map.intercept},
                                 {"score", map.score},
                                 {"length", map.length},
                                 {"score_by_length", map.score_by_length},
                                 {"share", map.share}};
  if (!map.knots.empty()) json["knots"] = knots_json(map.knots);
  return json;
}

nlohmann::ordered_json map_json(const ScoreMap& map) {
  if (map.knots.empty()) return {{"slope", map.slope}, {"intercept", map.intercept}};
  return {{"knots", knots_json(map.knots)}};
}

}  // namespace

Calibration parse_calibration(const JsonObject& json) {
  require_known(json, {"method", "prevalence", "all", "length_classes", "contig", "runs", "calls",
                       "labels_sha256"});
  Calibration calibration;
  const std::string method = json.string("method");
  if (method == name_of(CalibrationMethod::kIsotonic)) {
    calibration.method = CalibrationMethod::kIsotonic;
  } else if (method != name_of(CalibrationMethod::kPlatt)) {
    json.fail("method", fmt::format("is {}, expected 'platt' or 'isotonic'", display_name(method)));
  }
  bounded(json, "prevalence", kPrevalence, kPrevalence);
  calibration.all = parse_map(json.object("all"), calibration.method);
  calibration.classes = parse_classes<LengthClass>(json, calibration.method, parse_map);
  const JsonObject contig = json.object("contig");
  require_known(contig,
                {"gamma", "intercept", "evidence", "density", "run_weight", "viruses", "others"});
  calibration.contig.gamma = bounded(contig, "gamma", 0.0, 1.0);
  calibration.contig.intercept = bounded(contig, "intercept", -kMostCoefficient, kMostCoefficient);
  calibration.contig.evidence = bounded(contig, "evidence", 0.0, kMostCoefficient);
  calibration.contig.density = bounded(contig, "density", -kMostCoefficient, kMostCoefficient);
  if (contig.has("run_weight")) {
    calibration.contig.run_weight = bounded(contig, "run_weight", kLeastRunWeight, 1.0);
  }
  calibration.contig_viruses = parse_count(contig, "viruses");
  calibration.contig_others = parse_count(contig, "others");
  if (json.has("runs")) calibration.runs = parse_runs(json.object("runs"), calibration.method);
  if (json.has("calls")) calibration.calls = parse_calls(json.object("calls"));
  calibration.labels_sha256 = json.string("labels_sha256");
  if (!is_sha256(calibration.labels_sha256))
    json.fail("labels_sha256", "expected 64 hexadecimal digits in lower case");
  return calibration;
}

nlohmann::ordered_json calibration_json(const Calibration& calibration) {
  nlohmann::ordered_json json;
  json["method"] = name_of(calibration.method);
  json["prevalence"] = kPrevalence;
  json["all"] = map_json(calibration.all);
  json["length_classes"] = classes_json(calibration.classes, map_json);
  json["contig"] = {
      {"gamma", calibration.contig.gamma},       {"intercept", calibration.contig.intercept},
      {"evidence", calibration.contig.evidence}, {"density", calibration.contig.density},
      {"viruses", calibration.contig_viruses},   {"others", calibration.contig_others}};
  // Absent where they say nothing, so that older calibrations keep their text and their hash.
  if (calibration.contig.run_weight != 1.0) {
    json["contig"]["run_weight"] = calibration.contig.run_weight;
  }
  if (calibration.runs) {
    json["runs"] = {{"unit", calibration.runs->unit},
                    {"all", run_map_json(calibration.runs->all)},
                    {"length_classes", classes_json(calibration.runs->classes, run_map_json)}};
  }
  if (calibration.calls) {
    json["calls"] = {{"log_odds", calibration.calls->log_odds},
                     {"false_positives", calibration.calls->false_positives},
                     {"excepted_groups", calibration.calls->excepted}};
  }
  json["labels_sha256"] = calibration.labels_sha256;
  return json;
}

Calibration parse_calibration_text(std::string_view text, const std::string& origin) {
  const nlohmann::json document = parse_json_object(text, origin);
  return parse_calibration(JsonObject(document, origin));
}

std::string calibration_text(const Calibration& calibration) {
  return calibration_json(calibration).dump();
}

}  // namespace virnucpro
