#include "page/report_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "base/base64.h"
#include "base/format.h"
#include "base/sha256.h"
#include "page/call_scale.h"
#include "page/density.h"
#include "page/page_assets.h"
#include "page/row_block.h"

namespace virnucpro {
namespace {

using Json = nlohmann::ordered_json;

/// Raised with every change of what the page's script reads.
constexpr int kPageForm = 1;
/// Reasons of failures that the page shows: more would say the same again.
constexpr std::size_t kMostReasons = 200;
constexpr double kScoreBins = 1000.0;  // per unit of the score: the steps of the slider
constexpr double kLogOddsBins = static_cast<double>(LogOddsHistogram::kBinsToOne);

/// What a base counts: 1 for A, C, G, T and U of either case, and in the upper half 1 for G and C.
constexpr std::array<std::uint64_t, 256> kCounted = [] {
  std::array<std::uint64_t, 256> counted{};
  for (const char base : std::string_view("ACGTUacgtu")) {
    counted[static_cast<unsigned char>(base)] = 1;
  }
  for (const char base : std::string_view("GCgc")) {
    counted[static_cast<unsigned char>(base)] += std::uint64_t{1} << 32;
  }
  return counted;
}();

/// 'sha256-...' of a style or script, as a Content-Security-Policy names it.
std::string csp_hash(std::string_view text) {
  const std::string hex = sha256_text(text);
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return "'sha256-" + base64(bytes) + "'";
}

/// Where the bins of probabilities begin: at the threshold if it is a number, else at one half.
double anchor_of(const CalibratedRule& rule) {
  if (rule.threshold && std::isfinite(*rule.threshold)) return *rule.threshold;
  return std::log1p(-rule.prevalence) - std::log(rule.prevalence);
}

Json scale_json(const CallScale& scale) {
  Json bins = Json::array();
  for (const auto& [number, bin] : scale.bins()) {
    bins.push_back({number, bin.records, bin.bases});
  }
  return {{"anchor", scale.anchor()}, {"per_one", scale.per_one()}, {"bins", std::move(bins)}};
}

/// Cells that are not empty: [cell, count, cell, count ...].
template <std::size_t cells>
Json cells_json(const std::array<std::uint64_t, cells>& counts) {
  Json json = Json::array();
  for (std::size_t i = 0; i < cells; ++i) {
    if (counts[i] == 0) continue;
    json.push_back(i);
    json.push_back(counts[i]);
  }
  return json;
}

}  // namespace

struct ReportPage::State {
  State(const std::string& path, const CallRule& by_scores, const CalibratedCalls& calibrated,
        std::uint64_t expected, const Limits& own)
      : file(path),
        limits(own),
        lists_all(expected <= own.records),
        rule(calibrated.rule),
        is_calibrated(calibrated.calibration != nullptr),
        follows_probabilities(calibrated.decide()),
        threshold(by_scores.threshold),
        block(is_calibrated),
        by_score(by_scores.threshold, kScoreBins),
        by_probability(anchor_of(rule), kLogOddsBins) {}

  void write_head();
  void flush_block();
  void count(const PageRecord& record);
  Json totals_json(const PageTotals& totals) const;

  OutputFile file;
  Limits limits;
  bool lists_all;
  CalibratedRule rule;
  bool is_calibrated;
  bool follows_probabilities;
  double threshold;  // of scores
  RowBlock block;
  CallScale by_score;
  CallScale by_probability;
  Density density;

  std::uint64_t records = 0;
  std::uint64_t bases = 0;
  std::uint64_t viral_records = 0;
  std::uint64_t viral_bases = 0;
  std::uint64_t listed = 0;
  std::uint64_t listed_chunks = 0;
  std::uint64_t without_track = 0;  // listed records whose chunks are too many
  double expected_false = 0.0;      // of the viral ones, at the prevalence of the rule
  Json reasons = Json::array();     // [ordinal, reason] of the first failures
};

void ReportPage::State::write_head() {
  const PageAssets assets = page_assets();
  file.write(fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {}; "
      "style-src {}; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n"
      "<title>VirNucPro report</title>\n<style>",
      csp_hash(assets.script), csp_hash(assets.style)));
  file.write(assets.style);
  file.write("</style>\n</head>\n<body>\n");
  file.write(assets.skeleton);
}

void ReportPage::State::flush_block() {
  if (block.rows() == 0) return;
  file.write("<script type=\"text/plain\" class=\"rows\">");
  file.write(block.take());
  file.write("</script>\n");
}

void ReportPage::State::count(const PageRecord& record) {
  ++records;
  bases += record.length;
  if (record.is_viral) {
    ++viral_records;
    viral_bases += record.length;
  }
  if (!record.reason.empty() && reasons.size() < kMostReasons) {
    reasons.push_back({record.ordinal, std::string(record.reason)});
  }
  if (!record.score) return;
  double value = *record.score;
  if (follows_probabilities) {
    by_score.add(value, record.length);
  } else {
    by_score.add_called(value, record.length, record.is_viral);
  }
  if (record.log_odds) {
    value = rule.probability(*record.log_odds);
    if (record.is_viral) expected_false += 1.0 - value;
    if (follows_probabilities && std::isfinite(*rule.threshold)) {
      by_probability.add_called(*record.log_odds, record.length, record.is_viral);
    } else {
      by_probability.add(*record.log_odds, record.length);
    }
  }
  density.add(record.length, record.gc, value);
}

Json ReportPage::State::totals_json(const PageTotals& totals) const {
  Json json = {{"form", kPageForm},
               {"records", {{"total", records}, {"listed", listed}}},
               {"bases", {{"total", bases}, {"viral", viral_bases}}}};
  Json& selection = json["records"]["selection"];
  if (lists_all) {
    selection = "all";
  } else {
    selection = listed == viral_records ? "viral" : "first_viral";
  }
  json["records"]["without_track"] = without_track;
  Json& calls = json["calls"];
  calls = {{"by", follows_probabilities ? "probability" : "score"},
           {"threshold", threshold},
           {"viral", viral_records}};
  if (is_calibrated) {
    const bool calls_some = rule.threshold && std::isfinite(*rule.threshold);
    calls["log_odds"] = calls_some ? Json(*rule.threshold) : Json(nullptr);
    calls["prevalence"] = rule.prevalence;
    calls["is_estimated"] = rule.estimate.has_value();
    calls["expected_false"] = expected_false;
  }
  if (totals.prevalence && totals.prevalence->is_vague()) {
    calls["vague_prevalence"] = text_of_range(*totals.prevalence);
  } else if (totals.prevalence) {
    calls["estimated_prevalence"] = totals.prevalence->share;
    calls["expected_wrong"] = totals.expected_wrong;
  }
  Json& scales = json["scales"];
  scales["score"] = scale_json(by_score);
  if (is_calibrated) scales["probability"] = scale_json(by_probability);
  json["density"] = {{"by", is_calibrated ? "probability" : "score"},
                     {"values", Density::kValues},
                     {"length", cells_json(density.by_length())},
                     {"gc", cells_json(density.by_gc())}};
  json["reasons"] = reasons;
  if (!totals.precision.empty()) json["precision"] = totals.precision;
  return json;
}

ReportPage::ReportPage(const std::string& path, const CallRule& rule,
                       const CalibratedCalls& calibrated, std::uint64_t records,
                       const Limits& limits)
    : state_(std::make_unique<State>(path, rule, calibrated, records, limits)) {
  state_->write_head();
}

ReportPage::~ReportPage() = default;

void ReportPage::chunk(const PageChunk& chunk, std::span<const PageFrame> frames) {
  state_->block.chunk(chunk, frames);
}

void ReportPage::record(const PageRecord& record) {
  State& s = *state_;
  s.count(record);
  const bool is_listed = s.listed < s.limits.records && (s.lists_all || record.is_viral);
  if (!is_listed) return s.block.drop_chunks();
  const bool with_chunks = record.chunks <= s.limits.chunks - s.listed_chunks;
  s.block.add(record, with_chunks);
  ++s.listed;
  if (with_chunks) {
    s.listed_chunks += record.chunks;
  } else {
    ++s.without_track;
  }
  const bool is_full =
      s.block.rows() >= s.limits.block_rows || s.block.chunks() >= s.limits.block_chunks;
  if (is_full) s.flush_block();
}

void ReportPage::end(std::string_view run_json, const PageTotals& totals, OutputGroup& group) {
  State& s = *state_;
  s.flush_block();
  const std::string text =
      s.totals_json(totals).dump(-1, ' ', false, Json::error_handler_t::replace);
  s.file.write("<script type=\"application/json\" id=\"totals\">");
  s.file.write(json_for_script(text));
  s.file.write("</script>\n<script type=\"application/json\" id=\"run\">");
  s.file.write(json_for_script(run_json));
  s.file.write("</script>\n<script>");
  s.file.write(page_assets().script);
  s.file.write("</script>\n</body>\n</html>\n");
  group.add(s.file);
}

std::optional<double> gc_share(std::string_view bases) {
  // Both counts in one sum, of pieces too short for the lower one to run over.
  constexpr std::size_t kPiece = std::size_t{1} << 30;
  std::uint64_t gc = 0;
  std::uint64_t all = 0;
  while (!bases.empty()) {
    const std::string_view piece = bases.substr(0, kPiece);
    bases.remove_prefix(piece.size());
    std::uint64_t sum = 0;
    for (const char base : piece) sum += kCounted[static_cast<unsigned char>(base)];
    gc += sum >> 32;
    all += sum & 0xffffffff;
  }
  if (all == 0) return std::nullopt;
  return static_cast<double>(gc) / static_cast<double>(all);
}

std::string json_for_script(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (const char byte : json) {
    if (byte == '<') {
      text += "\\u003c";
    } else {
      text += byte;
    }
  }
  return text;
}

}  // namespace virnucpro
