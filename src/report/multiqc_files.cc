#include "report/multiqc_files.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/escape.h"
#include "base/format.h"
#include "report/prediction_tables.h"

namespace virnucpro {
namespace {

using Json = nlohmann::ordered_json;

// Okabe and Ito's palette, as figures have it.
constexpr const char* kVirusColour = "#d55e00";
constexpr const char* kOthersColour = "#56b4e9";

/// The last part of the folder's whole path.
std::string sample_name(const std::string& folder) {
  std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // it ended in a slash
  const std::string name = escaped(path.filename().string());
  return name.empty() ? "virnucpro" : name;
}

std::string text_of(const Json& json) { return json.dump(1) + "\n"; }

/// A section below the heading VirNucPro, which all sections of this program share.
Json section(const std::string& id, const std::string& name, const std::string& description,
             const std::string& plot_type) {
  return {{"id", id},
          {"parent_id", "virnucpro"},
          {"parent_name", "VirNucPro"},
          {"parent_description", "finds viral sequences in reads and contigs."},
          {"section_name", name},
          {"description", description},
          {"plot_type", plot_type}};
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

MultiqcFiles::MultiqcFiles(const std::string& folder)
    : sample_(sample_name(folder)),
      general_file_(folder + "/" + kMultiqcGeneralFile),
      records_file_(folder + "/" + kMultiqcRecordsFile),
      scores_file_(folder + "/" + kMultiqcScoresFile) {}

void MultiqcFiles::record(const RecordRow& record, const RecordSummary& summary) {
  ++total_;
  if (summary.viral) {
    ++viral_;
    viral_bases_ += record.length;
  } else {
    others_.add(summary.outcome);
  }
  if (summary.frames == 0) return;
  const double scaled = static_cast<double>(summary.max_p_virus) * static_cast<double>(kBins);
  ++scores_[std::min(static_cast<std::size_t>(std::max(scaled, 0.0)), kBins - 1)];
}

void MultiqcFiles::end(OutputGroup& group) {
  general_file_.write(general());
  group.add(general_file_);
  records_file_.write(records());
  group.add(records_file_);
  scores_file_.write(scores());
  group.add(scores_file_);
}

std::string MultiqcFiles::general() const {
  const auto column = [](const char* title, const char* description, const char* scale) {
    return Json{{"title", title},
                {"description", description},
                {"namespace", "VirNucPro"},
                {"scale", scale},
                {"min", 0}};
  };
  Json headers = Json::object();
  headers["virnucpro_records"] = column("Records", "Reads or contigs", "Greys");
  headers["virnucpro_records"]["format"] = "{:,.0f}";
  headers["virnucpro_records"]["hidden"] = true;
  headers["virnucpro_viral"] = column("Viral", "Records called virus", "Oranges");
  headers["virnucpro_viral"]["format"] = "{:,.0f}";
  headers["virnucpro_viral_share"] = column("% Viral", "Share of records called virus", "Oranges");
  headers["virnucpro_viral_share"]["max"] = 100;
  headers["virnucpro_viral_share"]["suffix"] = "%";
  headers["virnucpro_viral_share"]["format"] = "{:,.2f}";
  headers["virnucpro_viral_bases"] =
      column("Viral bases", "Bases of the records called virus", "Oranges");
  headers["virnucpro_viral_bases"]["format"] = "{:,.0f}";
  headers["virnucpro_viral_bases"]["suffix"] = " bp";
  const Json row = {{"virnucpro_records", total_},
                    {"virnucpro_viral", viral_},
                    {"virnucpro_viral_share", percent(viral_, total_)},
                    {"virnucpro_viral_bases", viral_bases_}};
  return text_of({{"id", "virnucpro_general"},
                  {"plot_type", "generalstats"},
                  {"headers", headers},
                  {"data", {{sample_, row}}}});
}

std::string MultiqcFiles::records() const {
  Json json =
      section("virnucpro_records", "Records", "What became of every read or contig.", "bargraph");
  json["pconfig"] = {{"id", "virnucpro_records_plot"},
                     {"title", "VirNucPro: Records"},
                     {"ylab", "Records"},
                     {"tt_decimals", 0},
                     {"cpswitch_counts_label", "Records"}};
  Json& categories = json["categories"] = Json::object();
  Json row = Json::object();
  const auto add_category = [&](const char* key, const char* name, const char* colour,
                                std::uint64_t count) {
    categories[key] = {{"name", name}, {"color", colour}};
    row[key] = count;
  };
  add_category("virus", "Called virus", kVirusColour, viral_);
  add_category("others", "Called others", kOthersColour, others_[Outcome::kScored]);
  add_category("no_orf", "No open frame", "#999999", others_[Outcome::kNoOrf]);
  add_category("too_short", "Too short", "#cccccc", others_[Outcome::kTooShort]);
  add_category("failed", "Failed", "#cc79a7", others_[Outcome::kFailed]);
  json["data"] = {{sample_, row}};
  return text_of(json);
}

std::string MultiqcFiles::scores() const {
  Json json = section(
      "virnucpro_scores", "Scores",
      fmt::format("Share of the records with a score in each of {} bins of their largest P(virus).",
                  kBins),
      "linegraph");
  json["pconfig"] = {{"id", "virnucpro_scores_plot"},
                     {"title", "VirNucPro: Scores"},
                     {"xlab", "largest P(virus) of a record's frames"},
                     {"ylab", "% of records with a score"},
                     {"xmin", 0},
                     {"xmax", 1},
                     {"ymin", 0},
                     {"tt_label", "{point.x:.3f}: {point.y:.2f}%"}};
  const std::uint64_t all = std::accumulate(scores_.begin(), scores_.end(), std::uint64_t{0});
  Json points = Json::array();
  for (std::size_t i = 0; i < kBins; ++i) {
    const double middle = (static_cast<double>(i) + 0.5) / static_cast<double>(kBins);
    points.push_back({middle, percent(scores_[i], all)});
  }
  json["data"] = {{sample_, points}};
  return text_of(json);
}

}  // namespace virnucpro
