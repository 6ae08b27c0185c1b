// report.html: what it lists, what it counts, and that nothing in it can become markup or reach a
// network.
#include "page/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <regex>
#include <string>
#include <vector>

#include "base/base64.h"
#include "base/sha256.h"
#include "page/page_assets.h"
#include "unit/page/unpacked_rows.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using nlohmann::json;
using test::column;
using test::from_base64;
using test::unpacked;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// The texts between `begin` and `end`, in their order.
std::vector<std::string> between(const std::string& page, const std::string& begin,
                                 const std::string& end) {
  std::vector<std::string> texts;
  for (std::size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at)) {
    at += begin.size();
    texts.push_back(page.substr(at, page.find(end, at) - at));
  }
  return texts;
}

std::vector<std::string> blocks_of(const std::string& page) {
  return between(page, "<script type=\"text/plain\" class=\"rows\">", "</script>");
}

json data_of(const std::string& page, const std::string& id) {
  return json::parse(
      between(page, "<script type=\"application/json\" id=\"" + id + "\">", "</script>").at(0));
}

std::string hash_of(const std::string& text) {
  const std::string hex = sha256_text(text);
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return "'sha256-" + base64(bytes) + "'";
}

/// Of one chunk with one frame.
void write(ReportPage& page, std::uint64_t ordinal, const std::string& id, double score,
           bool is_viral, std::optional<double> log_odds = {}, std::uint64_t length = 500) {
  const PageFrame frame[] = {{0, static_cast<float>(score), 0, 0}};
  page.chunk({Outcome::kScored, false, log_odds ? std::optional(0.5) : std::nullopt}, frame);
  PageRecord record;
  record.ordinal = ordinal;
  record.id = id;
  record.length = length;
  record.chunks = record.scored_chunks = record.frames = 1;
  record.viral_chunks = is_viral ? 1 : 0;
  record.outcome = Outcome::kScored;
  record.is_viral = is_viral;
  record.mean_p_virus = record.max_p_virus = score;
  record.score = score;
  record.log_odds = log_odds;
  record.gc = 0.5;
  page.record(record);
}

std::string publish(ReportPage& page, const TemporaryFolder& folder, const PageTotals& totals = {},
                    const std::string& run = "{}\n") {
  OutputGroup group;
  page.end(run, totals, group);
  group.sync();
  group.publish();
  return folder.read("report.html");
}

const Calibration kCalibration;

CalibratedCalls calls_from(double log_odds) {
  CalibratedCalls calls;
  calls.calibration = &kCalibration;
  calls.rule.threshold = log_odds;
  return calls;
}

TEST(ReportPage, NamesItsStyleAndScriptByTheirHashes) {
  TemporaryFolder folder;
  ReportPage page(folder.file("report.html"), {}, {}, 0);
  const std::string text = publish(page, folder);
  const std::string style = between(text, "<style>", "</style>").at(0);
  const std::vector<std::string> scripts = between(text, "<script>", "</script>");
  ASSERT_EQ(scripts.size(), 1u);
  EXPECT_EQ(style, page_assets().style);
  EXPECT_EQ(scripts.front(), page_assets().script);
  EXPECT_THAT(text, HasSubstr("content=\"default-src 'none'; script-src " + hash_of(scripts[0]) +
                              "; style-src " + hash_of(style) + "; img-src data:; "));
  EXPECT_EQ(between(text, "<style>", "</style>").size(), 1u);
}

TEST(ReportPage, HoldsNothingThatItsPolicyForbids) {
  const PageAssets assets = page_assets();
  const std::string skeleton(assets.skeleton);
  EXPECT_FALSE(std::regex_search(skeleton, std::regex("\\sstyle=|\\son[a-z]+=|<script|https?:")));
  const std::string script(assets.script);
  EXPECT_THAT(script, Not(HasSubstr("</script")));
  EXPECT_THAT(script, Not(HasSubstr("<!--")));
  for (const char* way :
       {"fetch(", "XMLHttpRequest", "WebSocket", "EventSource", "sendBeacon", "import(", "eval(",
        "new Function", "innerHTML", "insertAdjacentHTML", "document.write"}) {
    EXPECT_THAT(script, Not(HasSubstr(way)));
  }
  EXPECT_THAT(std::string(assets.style), Not(HasSubstr("url(")));
}

TEST(ReportPage, KeepsIdsAndTextsOutOfItsMarkup) {
  TemporaryFolder folder;
  ReportPage page(folder.file("report.html"), {}, {}, 1);
  const std::string id = "</script><img src=x onerror=alert(1)>";
  write(page, 0, id, 0.9, true);
  const std::string text =
      publish(page, folder, {}, R"({"inputs":[{"path":"</script><b>"}],"x":"<!--"})");
  EXPECT_THAT(text, Not(HasSubstr("<img")));
  EXPECT_THAT(text, Not(HasSubstr("<b>\"")));
  EXPECT_THAT(text, Not(HasSubstr("<!--")));
  EXPECT_EQ(column(unpacked(blocks_of(text).at(0)), PageColumn::kIds), id + "\n");
  EXPECT_EQ(data_of(text, "run").at("inputs").at(0).at("path"), "</script><b>");
}

TEST(ReportPage, CountsExactlyAtTheThresholdOfTheRun) {
  TemporaryFolder folder;
  ReportPage page(folder.file("report.html"), {}, calls_from(2.0), 4);
  write(page, 0, "at", 0.9, true, 2.0, 100);
  write(page, 1, "just below", 0.9, false, std::nextafter(2.0, 0.0), 200);
  write(page, 2, "above", 0.9, true, 3.0, 400);
  write(page, 3, "far below", 0.1, false, -4.0, 800);
  const json totals = data_of(publish(page, folder), "totals");
  EXPECT_EQ(totals.at("calls").at("by"), "probability");
  EXPECT_EQ(totals.at("calls").at("viral"), 2);
  EXPECT_EQ(totals.at("bases"), json({{"total", 1500}, {"viral", 500}}));
  EXPECT_NEAR(totals.at("calls").at("expected_false").get<double>(),
              1.0 / (1.0 + std::exp(2.0)) + 1.0 / (1.0 + std::exp(3.0)), 1e-12);
  const json& scale = totals.at("scales").at("probability");
  EXPECT_EQ(scale.at("anchor"), 2.0);
  EXPECT_EQ(scale.at("bins"), json({{-384, 1, 800}, {-1, 1, 200}, {0, 1, 100}, {64, 1, 400}}));
}

TEST(ReportPage, CountsByScoresWhereTheyDecide) {
  TemporaryFolder folder;
  CallRule rule;
  rule.threshold = 0.7;
  ReportPage page(folder.file("report.html"), rule, {}, 2);
  // Rounding puts this score a hair below, but the rule has called the record.
  write(page, 0, "tie", std::nextafter(0.7, 0.0), true);
  write(page, 1, "no", 0.2, false);
  const json totals = data_of(publish(page, folder), "totals");
  EXPECT_EQ(totals.at("calls").at("by"), "score");
  EXPECT_EQ(totals.at("scales").at("score").at("bins"), json({{-500, 1, 500}, {0, 1, 500}}));
  EXPECT_FALSE(totals.at("scales").contains("probability"));
  EXPECT_EQ(totals.at("density").at("length"), json({35 * 40 + 8, 1, 35 * 40 + 27, 1}));
}

TEST(ReportPage, ListsTheViralOnesOfManyAndCountsAll) {
  TemporaryFolder folder;
  ReportPage::Limits limits;
  limits.records = 3;
  limits.block_rows = 2;
  ReportPage page(folder.file("report.html"), {}, {}, 6, limits);
  for (std::uint64_t i = 0; i < 6; ++i) {
    const bool is_viral = i % 2 == 1;
    write(page, i, "r" + std::to_string(i), is_viral ? 0.9 : 0.1, is_viral);
  }
  const std::string text = publish(page, folder);
  const std::vector<std::string> blocks = blocks_of(text);
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(column(unpacked(blocks[0]), PageColumn::kIds), "r1\nr3\n");
  EXPECT_EQ(column(unpacked(blocks[1]), PageColumn::kIds), "r5\n");
  const json totals = data_of(text, "totals");
  EXPECT_EQ(totals.at("records"),
            json({{"total", 6}, {"listed", 3}, {"selection", "viral"}, {"without_track", 0}}));
  EXPECT_EQ(totals.at("scales").at("score").at("bins"), json({{-400, 3, 1500}, {400, 3, 1500}}));
}

TEST(ReportPage, SaysWhenNotEvenAllViralOnesAreListed) {
  TemporaryFolder folder;
  ReportPage::Limits limits;
  limits.records = 2;
  ReportPage page(folder.file("report.html"), {}, {}, 4, limits);
  for (std::uint64_t i = 0; i < 4; ++i) write(page, i, "r", 0.9, true);
  const json records = data_of(publish(page, folder), "totals").at("records");
  EXPECT_EQ(records.at("listed"), 2);
  EXPECT_EQ(records.at("selection"), "first_viral");
}

TEST(ReportPage, LeavesOutTracksThatWouldBeTooLarge) {
  TemporaryFolder folder;
  ReportPage::Limits limits;
  limits.chunks = 2;
  ReportPage page(folder.file("report.html"), {}, {}, 3, limits);
  for (std::uint64_t i = 0; i < 3; ++i) write(page, i, "r", 0.9, true);
  const std::string text = publish(page, folder);
  EXPECT_EQ(data_of(text, "totals").at("records").at("without_track"), 1);
  EXPECT_EQ(column(unpacked(blocks_of(text).at(0)), PageColumn::kFlags), "\x0c\x0c\x04");
  EXPECT_EQ(column(unpacked(blocks_of(text).at(0)), PageColumn::kChunks), "\x01\x01");
}

TEST(ReportPage, IsAPageForARunWithoutRecords) {
  TemporaryFolder folder;
  ReportPage page(folder.file("report.html"), {}, {}, 0);
  const std::string text = publish(page, folder);
  EXPECT_TRUE(blocks_of(text).empty());
  EXPECT_EQ(data_of(text, "totals").at("records").at("total"), 0);
  EXPECT_TRUE(text.ends_with("</script>\n</body>\n</html>\n"));
}

TEST(ReportPage, TakesUnderThreeMegabytesAndSixtyBytesARow) {
  TemporaryFolder folder;
  constexpr std::uint64_t kRows = 20'000;
  ReportPage page(folder.file("report.html"), {}, calls_from(2.0), kRows);
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(0.0, 3.0);
  for (std::uint64_t i = 0; i < kRows; ++i) {
    const double log_odds = normal(random);
    const std::string id = "A00742:25:HKT2JDSXY:1:" + std::to_string(random() % 1000 + 1101) + ":" +
                           std::to_string(random() % 30000) + ":" +
                           std::to_string(random() % 30000);
    write(page, i, id, 1.0 / (1.0 + std::exp(-log_odds)), log_odds >= 2.0, log_odds, 100 + i % 51);
  }
  const std::string text = publish(page, folder);
  std::size_t rows = 0;
  for (const std::string& block : blocks_of(text)) rows += block.size();
  EXPECT_LT(rows, 60 * kRows);
  EXPECT_LT(text.size() - rows, 3'000'000u);
}

TEST(ReportPage, TellsTheReasonsOfTheFirstFailures) {
  TemporaryFolder folder;
  ReportPage page(folder.file("report.html"), {}, {}, 300);
  for (std::uint64_t i = 0; i < 300; ++i) {
    page.chunk({Outcome::kFailed, false, {}}, {});
    PageRecord record;
    record.ordinal = i;
    record.id = "r";
    record.chunks = 1;
    record.outcome = Outcome::kFailed;
    record.reason = "NaN";
    page.record(record);
  }
  const json reasons = data_of(publish(page, folder), "totals").at("reasons");
  ASSERT_EQ(reasons.size(), 200u);
  EXPECT_EQ(reasons.at(199), json({199, "NaN"}));
}

TEST(GcShare, CountsLettersOfBothCasesAndNoOthers) {
  EXPECT_EQ(gc_share("GCgcATatUuNN--RY"), 4.0 / 10.0);
  EXPECT_EQ(gc_share("GGG"), 1.0);
  EXPECT_EQ(gc_share("NNNN"), std::nullopt);
  EXPECT_EQ(gc_share(""), std::nullopt);
}

}  // namespace
}  // namespace virnucpro
