// `virnucpro plot`: figures of results and evaluations, in three formats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "cli/stored_runs.h"
#include "cli/tables.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A bar of a track or a histogram.
struct Bar {
  double x = 0.0;
  double width = 0.0;
  double height = 0.0;
  std::string colour;
};

/// The rectangles that are filled, without those of the legend, which are 7 by 6 points.
std::vector<Bar> bars_of(const std::string& svg) {
  static const std::regex kBar(
      "<rect x=\"([0-9.]+)\" y=\"[0-9.]+\" width=\"([0-9.]+)\" height=\"([0-9.]+)\" "
      "fill=\"(#[0-9a-f]+)\"/>");
  std::vector<Bar> bars;
  for (std::sregex_iterator bar(svg.begin(), svg.end(), kBar), end; bar != end; ++bar) {
    const Bar found = {std::stod((*bar)[1]), std::stod((*bar)[2]), std::stod((*bar)[3]), (*bar)[4]};
    if (found.width != 7.0 || found.height != 6.0) bars.push_back(found);
  }
  return bars;
}

constexpr const char* kVirus = "#d55e00";
constexpr const char* kOthers = "#56b4e9";
constexpr const char* kGap = "#f0f0f0";

class Plot : public StoredRunTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    // A record with a gap in its middle: chunks 2 and 3 of 5 have stops in every frame.
    std::string stops;
    for (int i = 0; i < 40; ++i) stops += "TAATTAATTAGCTAACTAACTAAC";
    std::vector<TestRecord> records = open_records(4, 400);
    records.push_back({"gap", open_frame(200, 3) + stops + open_frame(300, 4)});
    records.push_back({"twice", open_frame(200, 5)});
    records.push_back({"twice", open_frame(210, 6)});
    records.push_back({"a,b", open_frame(200, 7)});
    records.push_back({"<b>&\"", open_frame(200, 8)});
    records.push_back({"empty", ""});
    write("a.fa", fasta(records));
    ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "-t", "1", "-o", "open", "--frames", "open",
                               "--calls", "published"}),
                          0));
  }

  ProgramResult plot(const std::string& folder, std::vector<std::string> more) const {
    more.insert(more.begin(), {"plot", folder});
    return run(more);
  }

  std::string svg_of(const std::string& folder, std::vector<std::string> more) const {
    more.insert(more.end(), {"-o", "figure.svg"});
    EXPECT_TRUE(ends_with(plot(folder, more), 0));
    return read("figure.svg");
  }

  std::string error(const std::string& folder, std::vector<std::string> more) const {
    const ProgramResult result = plot(folder, std::move(more));
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_EQ(result.out, "");
    return result.err;
  }
};

TEST_F(Plot, DrawsTheChunksOfTheTablesWhereTheyLie) {
  const std::string svg = svg_of("open", {"--record", "gap", "--value", "score"});
  const Table contigs = table_of(read("open/contigs.tsv"));
  const Table rows = table_of(read("open/predictions.tsv"));
  const auto gap = std::ranges::find_if(contigs, [](const auto& row) { return row[0] == "gap"; });
  ASSERT_NE(gap, contigs.end());
  const double length = std::stod((*gap)[2]);
  std::map<int, double> largest;  // by chunk
  std::map<int, double> starts;
  for (const auto& row : rows) {
    if (row[0] != "gap") continue;
    const int chunk = std::stoi(row[2]);
    largest[chunk] = std::max(largest[chunk], std::stod(row[7]));
    starts[chunk] = std::stod(row[3]);
  }
  const std::vector<Bar> bars = bars_of(svg);
  ASSERT_EQ(bars.size(), std::stoul((*gap)[3]));
  ASSERT_LT(largest.size(), bars.size()) << "has a gap";
  std::size_t viral = 0;
  // From the first start to the last end, without the gap between bars: the width of the axis.
  const double points = bars.back().x + bars.back().width + 0.5 - bars.front().x;
  const double data = std::ranges::find(bars, kGap, &Bar::colour)->height;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const int chunk = static_cast<int>(i) + 1;
    EXPECT_EQ(bars[i].colour == kGap, !largest.contains(chunk)) << chunk;
    if (!largest.contains(chunk)) continue;
    viral += bars[i].colour == kVirus ? 1 : 0;
    EXPECT_NEAR(bars[i].height, std::max(0.8, largest[chunk] * data), 0.011) << chunk;
    // Neighbours share up to a few bases, of which each gets one half.
    EXPECT_NEAR((bars[i].x - bars[0].x) / points * length, starts[chunk], 60.0) << chunk;
  }
  EXPECT_EQ(std::to_string(viral), (*gap)[6]) << "viral_chunks";
  EXPECT_THAT(svg, HasSubstr(">no open frame</text>"));
  EXPECT_THAT(svg, HasSubstr(">threshold 0.5</text>"));
}

TEST_F(Plot, ColoursAsManyChunksAsTheTablesCallViral) {
  for (const std::vector<std::string>& rule : {std::vector<std::string>{},
                                               {"--threshold", "0.3"},
                                               {"--threshold", "0.97"},
                                               {"--relaxed"},
                                               {"--conservative"}}) {
    std::vector<std::string> arguments = {"report", "open", "-q", "-o", "again", "--force"};
    arguments.insert(arguments.end(), rule.begin(), rule.end());
    ASSERT_TRUE(ends_with(run(arguments), 0));
    for (const auto& row : table_of(read("again/contigs.tsv"))) {
      if (!row[0].starts_with('r')) continue;
      for (const char* value : {"score", "calibrated"}) {
        std::size_t viral = 0;
        for (const Bar& bar : bars_of(svg_of("again", {"--record", row[0], "--value", value}))) {
          viral += bar.colour == kVirus ? 1 : 0;
        }
        EXPECT_EQ(std::to_string(viral), row[6]) << row[0] << testing::PrintToString(rule) << value;
      }
    }
  }
}

TEST_F(Plot, ReadsRunsAsTheTablesSay) {
  ASSERT_TRUE(
      ends_with(run({"predict", "a.fa", "-q", "-t", "1", "-o", "runs", "--frames", "longest"}), 0));
  const std::string svg = svg_of("runs", {"--record", "gap"});
  EXPECT_THAT(svg, HasSubstr(", read by a stop-free run</text>"));
  EXPECT_THAT(svg, HasSubstr(">calibrated P(virus)</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">no open frame</text>")));
}

TEST_F(Plot, DrawsTheNamedRecordsInTheirOrder) {
  const std::string svg = svg_of("open", {"--record", "r2", "--record", "twice", "--record", "a,b",
                                          "--record", "<b>&\"", "--record", "empty"});
  std::size_t before = 0;
  for (const char* title :
       {">r2</text>", ">twice (record 6)</text>", ">twice (record 7)</text>", ">a,b</text>",
        ">&lt;b&gt;&amp;\"</text>", ">empty</text>", ">0 bp · 0 chunks · not called</text>"}) {
    const std::size_t at = svg.find(title);
    ASSERT_NE(at, std::string::npos) << title;
    EXPECT_GT(at, before) << title;
    before = at;
  }
  EXPECT_EQ(error("open", {"--record", "r2", "--record", "nobody", "-o", "x.svg"}),
            "virnucpro: error: open/contigs.tsv: has no record 'nobody' (--record). Its first "
            "column has the ids.\n");
  EXPECT_FALSE(exists("x.svg"));
}

TEST_F(Plot, ChoosesTheLongestViralRecords) {
  write("many.fa", fasta(open_records(30, 150)));
  ASSERT_TRUE(ends_with(run({"predict", "many.fa", "-q", "-t", "1", "-o", "many"}), 0));
  const ProgramResult result = plot("many", {"-o", "many.svg"});
  ASSERT_TRUE(ends_with(result, 0));
  std::vector<std::string> ids;
  const Table contigs = table_of(read("many/contigs.tsv"));
  for (const auto& row : contigs) {
    if (row[10] == "virus") ids.push_back(row[0]);
  }
  if (ids.empty()) ids = column(contigs, "id");
  const std::string svg = read("many.svg");
  std::size_t drawn = 0;
  for (const std::string& id : ids) drawn += svg.find(">" + id + "</text>") != std::string::npos;
  EXPECT_EQ(drawn, std::min<std::size_t>(ids.size(), 8));
  EXPECT_THAT(result.err, HasSubstr("figure in many.svg"));
}

TEST_F(Plot, WritesThreeFormatsAndTheSameBytesAgain) {
  for (const std::string end : {"svg", "png", "pdf"}) {
    ASSERT_TRUE(ends_with(plot("open", {"-q", "-o", "a." + end}), 0));
    ASSERT_TRUE(ends_with(plot("open", {"-q", "-o", "b." + end}), 0));
    EXPECT_EQ(read("a." + end), read("b." + end)) << end;
    EXPECT_FALSE(exists("a." + end + ".partial"));
  }
  EXPECT_THAT(read("a.svg"), StartsWith("<svg "));
  EXPECT_THAT(read("a.png"), StartsWith("\x89PNG"));
  EXPECT_THAT(read("a.pdf"), StartsWith("%PDF-"));
  EXPECT_THAT(read("a.svg"), HasSubstr("width=\"180.00mm\""));
  EXPECT_THAT(svg_of("open", {"--width", "85"}), HasSubstr("width=\"85.00mm\""));
}

TEST_F(Plot, CountsTheRecordsOfAHistogram) {
  const std::string svg = svg_of("open", {"--figure", "scores"});
  std::size_t scored = 0;
  std::size_t viral = 0;
  for (const auto& row : table_of(read("open/contigs.tsv"))) {
    if (row[10] == "virus" || row[10] == "others") ++scored;
    if (row[10] == "virus") ++viral;
  }
  const std::string text = std::to_string(viral) + " of " + std::to_string(scored);
  EXPECT_THAT(svg, HasSubstr(">" + text + " records called virus</text>"));
  EXPECT_THAT(svg, HasSubstr("(score)</text>"));
  EXPECT_FALSE(bars_of(svg).empty());
}

TEST_F(Plot, DrawsAnEvaluationAsEvaluateDoes) {
  std::string labels = "id\tlabel\n";
  for (int i = 0; i < 4; ++i) {
    labels += "r" + std::to_string(i) + (i % 2 == 0 ? "\tvirus\n" : "\tother\n");
  }
  write("labels.tsv", labels);
  ASSERT_TRUE(
      ends_with(run({"evaluate", "open", "--labels", "labels.tsv", "-q", "-o", "judged"}), 0));
  EXPECT_EQ(svg_of("judged", {}), read("judged/roc.svg"));
  EXPECT_EQ(svg_of("judged", {"--figure", "roc"}), read("judged/roc.svg"));
  EXPECT_EQ(svg_of("judged", {"--figure", "precision-recall"}),
            read("judged/precision_recall.svg"));
  EXPECT_EQ(svg_of("judged", {"--figure", "calibration"}), read("judged/calibration.svg"));
  EXPECT_THAT(read("judged/roc.svg"), HasSubstr(">fragments, AUROC "));
  EXPECT_EQ(error("judged", {"--record", "r1", "-o", "x.svg"}),
            "virnucpro: error: --record is for tracks, and this figure is roc.\n");
  EXPECT_EQ(error("judged", {"--value", "score", "-o", "x.svg"}),
            "virnucpro: error: --value is for tracks, and this figure is roc.\n");
  EXPECT_THAT(error("judged", {"--figure", "track", "-o", "x.svg"}),
              HasSubstr("judged: has no run.json; --figure track takes the folder of"));
  EXPECT_THAT(error("open", {"--figure", "roc", "-o", "x.svg"}),
              HasSubstr("open: has no evaluation.json; --figure roc takes the folder of"));
}

TEST_F(Plot, RefusesWhatItCannotDraw) {
  EXPECT_THAT(error("open", {}), HasSubstr("plot needs the file to write: -o FIGURE.svg"));
  EXPECT_EQ(error("open", {"-o", "a.jpg"}),
            "virnucpro: error: --output: 'a.jpg' cannot be used; it takes the path of a file that "
            "ends in .svg, .png or .pdf\n");
  EXPECT_THAT(error("open", {"-o", "a.svg", "--width", "59"}), HasSubstr("--width: '59'"));
  EXPECT_THAT(error("nowhere", {"-o", "a.svg"}), HasSubstr("nowhere: "));
  fs::create_directory(path("bare"));
  EXPECT_THAT(error("bare", {"-o", "a.svg"}), HasSubstr("bare: holds no finished results"));
  fs::copy(path("open"), path("damaged"));
  std::string contigs = read("damaged/contigs.tsv");
  write("damaged/contigs.tsv", contigs.substr(0, contigs.find('\n') + 1));
  EXPECT_THAT(error("damaged", {"-o", "a.svg"}), HasSubstr("has no record to draw"));
  EXPECT_THAT(error("damaged", {"-o", "a.svg", "--figure", "scores"}),
              HasSubstr("has no record with a score to draw"));
  write("damaged/contigs.tsv",
        std::regex_replace(contigs, std::regex("\nr1\t2\t1200"), "\nr1\t2\t9"));
  EXPECT_THAT(error("damaged", {"-o", "a.svg", "--record", "r1"}), HasSubstr("is damaged"));
  write("damaged/run.json", "{");
  EXPECT_THAT(error("damaged", {"-o", "a.svg"}), HasSubstr("damaged/run.json: is damaged"));
  EXPECT_FALSE(exists("a.svg"));
}

TEST_F(Plot, NeverWritesOverATableThatItReads) {
  const std::string before = read("open/contigs.tsv");
  fs::create_hard_link(path("open/contigs.tsv"), path("link.svg"));
  EXPECT_THAT(error("open", {"-o", "link.svg"}), HasSubstr("the results"));
  EXPECT_EQ(read("open/contigs.tsv"), before);
  EXPECT_TRUE(ends_with(plot("open", {"-q", "-o", "open/track.svg"}), 0));
  EXPECT_TRUE(ends_with(plot("open", {"-q", "-o", "open/track.svg"}), 0)) << "once more";
}

}  // namespace
}  // namespace virnucpro::test
