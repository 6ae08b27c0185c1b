#include "figures/plotted_results.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/stop.h"
#include "calls/call_rule.h"
#include "figures/record_names.h"
#include "figures/table_reader.h"
#include "report/prediction_tables.h"
#include "sequence/chunks.h"

namespace virnucpro {
namespace {

constexpr const char* kVirusCall = "virus";  // in both tables

/// What run.json says of the rules behind the tables.
struct ResultRules {
  std::uint64_t expected_length = 0;
  bool reads_runs = false;
  double score_threshold = CallRule::kPublishedThreshold;
  std::optional<double> probability_threshold;  ///< calls follow p_calibrated from there on
};

ResultRules read_rules(const std::string& folder, const std::stop_token& stop) {
  const std::string place = folder + "/" + kRunFile;
  LineReader lines(place, {}, {.stop = stop});
  std::string text;
  for (std::string line; lines.next(line);) text += line + '\n';
  ResultRules rules;
  try {
    const nlohmann::json run = nlohmann::json::parse(text);
    rules.expected_length = run.at("model").at("expected_length").get<std::uint64_t>();
    rules.reads_runs = run.at("options").contains("frames");
    if (run.contains("report")) {
      rules.score_threshold = run["report"].value("threshold", rules.score_threshold);
    }
    if (run.contains("calls") && run["calls"].contains("threshold")) {
      rules.probability_threshold = run["calls"]["threshold"].get<double>();
    }
  } catch (const nlohmann::json::exception& error) {
    throw InputError(fmt::format("{}: is damaged: {}", place, error.what()));
  }
  if (rules.expected_length == 0) {
    throw InputError(fmt::format("{}: is damaged: expected_length is 0", place));
  }
  return rules;
}

/// A row of contigs.tsv.
struct ContigRow {
  std::uint64_t record = 0;  ///< from 1
  std::string id;
  std::uint64_t length = 0;
  std::uint64_t chunks = 0;
  std::optional<double> largest;
  std::optional<double> probability;
  std::string call;

  bool is_virus() const { return call == kVirusCall; }
};

template <typename Take>
void read_contigs(const std::string& folder, const std::stop_token& stop, const Take& take) {
  enum : std::size_t { kId, kRecord, kLength, kChunks, kLargest, kCalibrated, kCall };
  TableReader table(folder + "/" + kContigsFile,
                    {"id", "record", "length", "chunks", "max_p_virus", "p_calibrated", "call"},
                    stop);
  ContigRow row;
  while (table.next()) {
    throw_if_stopped(stop);
    row.record = table.whole(kRecord);
    row.id = table.text(kId);
    row.length = table.whole(kLength);
    row.chunks = table.whole(kChunks);
    row.largest = table.number(kLargest);
    row.probability = table.number(kCalibrated);
    row.call = table.text(kCall);
    take(row);
  }
}

/// The longest records that are called virus; where none is, the longest.
class LongestRecords {
 public:
  void offer(const ContigRow& row) {
    ++all_;
    viruses_ += row.is_virus() ? 1 : 0;
    if (kept_.size() == kUsualPanels) {
      if (!comes_before(row, kept_.back())) return;
      kept_.pop_back();
    }
    const auto place = std::ranges::find_if(
        kept_, [&](const ContigRow& other) { return comes_before(row, other); });
    kept_.insert(place, row);
  }

  std::vector<ContigRow> take(const Log& log) {
    if (viruses_ > 0) std::erase_if(kept_, [](const ContigRow& row) { return !row.is_virus(); });
    const std::uint64_t from = viruses_ > 0 ? viruses_ : all_;
    if (kept_.size() < from) {
      log.info("the {} longest of {}{}; --record names others", kept_.size(),
               counted(from, "record"), viruses_ > 0 ? " called virus" : "");
    }
    return std::move(kept_);
  }

 private:
  static bool comes_before(const ContigRow& a, const ContigRow& b) {
    return std::tuple(b.is_virus(), b.length, a.record) <
           std::tuple(a.is_virus(), a.length, b.record);
  }

  std::vector<ContigRow> kept_;  // the first come first
  std::uint64_t viruses_ = 0;
  std::uint64_t all_ = 0;
};

std::vector<ContigRow> choose_records(const PlotRequest& request, const Log& log,
                                      const std::stop_token& stop) {
  const std::string place = request.folder + "/" + kContigsFile;
  std::vector<ContigRow> rows;
  if (request.records.empty()) {
    LongestRecords longest;
    read_contigs(request.folder, stop, [&](const ContigRow& row) { longest.offer(row); });
    rows = longest.take(log);
  } else {
    RecordNames names(request.records);
    read_contigs(request.folder, stop,
                 [&](const ContigRow& row) { names.offer(row.id, row.record); });
    const std::vector<std::uint64_t> records = names.chosen(place);
    if (records.size() > kMostPanels) {
      throw ConfigError(
          fmt::format("--record names {}, and a figure has at most {}; draw "
                      "several figures.",
                      counted(records.size(), "record"), kMostPanels));
    }
    rows.resize(records.size());
    read_contigs(request.folder, stop, [&](const ContigRow& row) {
      const auto found = std::ranges::find(records, row.record);
      if (found != records.end()) rows[static_cast<std::size_t>(found - records.begin())] = row;
    });
  }
  if (rows.empty()) throw InputError(fmt::format("{}: has no record to draw.", place));
  return rows;
}

/// The id, and the number of the record where others that are drawn share it.
std::string title_of(const ContigRow& row, const std::map<std::string, int>& uses) {
  return uses.at(row.id) > 1 ? fmt::format("{} (record {})", row.id, row.record) : row.id;
}

TrackRecord track_record(const ContigRow& row, const ResultRules& rules, const std::string& place) {
  TrackRecord record;
  record.length = row.length;
  record.call = row.call == "NA" ? "not called" : row.call;
  record.probability = row.probability;
  const ChunkRange chunks(row.record, row.length, rules.expected_length);
  if (chunks.size() != row.chunks) {
    throw InputError(fmt::format(
        "{}: is damaged: record {} of {} bases has {}, not those of {} bases that run.json "
        "names",
        place, row.record, row.length, counted(row.chunks, "chunk"), rules.expected_length));
  }
  record.chunks.reserve(chunks.size());
  for (const Chunk& chunk : chunks) {
    TrackChunk& made = record.chunks.emplace_back();
    made.start = chunk.start;
    made.end = chunk.end;
  }
  return record;
}

/// Puts the frames of predictions.tsv into the chunks of a track.
class FrameReader {
 public:
  FrameReader(const ResultRules& rules, TrackValue value) : rules_(rules), value_(value) {}

  void add(TrackRecord& record, const TableReader& table) {
    const std::uint64_t number = table.whole(kChunk);
    if (&record != record_ || number != number_) {
      record_ = &record;
      number_ = number;
      largest_ = {};
    }
    TrackChunk& chunk = record.chunks[number - 1];
    const double score = table.number(kScore).value_or(0.0);
    largest_.add({static_cast<float>(1.0 - score), static_cast<float>(score)});
    if (value_ == TrackValue::kCalibrated) {
      chunk.value = table.number(kCalibrated);
    } else {
      chunk.value = std::max(chunk.value.value_or(0.0), score);
      chunk.frames.push_back(score);
    }
    // Where probabilities decide, the frames of a chunk have its call; else the rule for a chunk
    // follows from the scores of all of them.
    chunk.is_virus = rules_.probability_threshold
                         ? table.text(kCall) == kVirusCall
                         : CallRule{rules_.score_threshold}.is_viral_chunk(largest_);
    chunk.is_run = rules_.reads_runs && table.text(kRead) == "run";
  }

  TableReader open(const std::string& folder, const std::stop_token& stop) const {
    const std::string path = folder + "/" + kPredictionsFile;
    if (!rules_.reads_runs) {
      return {path, {"record", "chunk", "p_virus", "p_calibrated", "call"}, stop};
    }
    return {path, {"record", "chunk", "p_virus", "p_calibrated", "call", "read"}, stop};
  }

  enum : std::size_t { kRecord, kChunk, kScore, kCalibrated, kCall, kRead };

 private:
  const ResultRules& rules_;
  const TrackValue value_;
  const TrackRecord* record_ = nullptr;
  std::uint64_t number_ = 0;
  LargestScores largest_;  // of the current chunk
};

TrackValue value_of(const PlotRequest& request, const std::vector<ContigRow>& rows) {
  if (request.value) {
    const bool has_none = std::ranges::none_of(
        rows, [](const ContigRow& row) { return !row.largest || row.probability; });
    if (*request.value == TrackValue::kCalibrated && has_none) {
      throw InputError(fmt::format(
          "{}/{}: has no p_calibrated, which --value calibrated takes; the models of the run have "
          "no calibration.",
          request.folder, kContigsFile));
    }
    return *request.value;
  }
  const bool is_calibrated =
      std::ranges::any_of(rows, [](const ContigRow& row) { return row.probability.has_value(); });
  return is_calibrated ? TrackValue::kCalibrated : TrackValue::kScore;
}

}  // namespace

Track read_track(const PlotRequest& request, const Log& log, const std::stop_token& stop) {
  const ResultRules rules = read_rules(request.folder, stop);
  const std::vector<ContigRow> rows = choose_records(request, log, stop);
  const TrackValue value = value_of(request, rows);
  Track track;
  const bool is_calibrated = value == TrackValue::kCalibrated;
  track.value_name = is_calibrated ? "calibrated P(virus)" : "P(virus), score";
  track.gap_name = rules.reads_runs ? "nothing to read" : "no open frame";
  if (is_calibrated) {
    track.threshold = rules.probability_threshold;
  } else if (!rules.probability_threshold) {
    track.threshold = rules.score_threshold;
  }
  std::map<std::string, int> uses;
  std::map<std::uint64_t, std::size_t> places;  // record -> panel
  for (const ContigRow& row : rows) {
    ++uses[row.id];
    places[row.record] = track.records.size();
    track.records.push_back(track_record(row, rules, request.folder + "/" + kContigsFile));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) track.records[i].id = title_of(rows[i], uses);
  FrameReader frames(rules, value);
  TableReader table = frames.open(request.folder, stop);
  while (table.next()) {
    throw_if_stopped(stop);
    const auto place = places.find(table.whole(FrameReader::kRecord));
    if (place == places.end()) continue;
    TrackRecord& record = track.records[place->second];
    const std::uint64_t chunk = table.whole(FrameReader::kChunk);
    if (chunk == 0 || chunk > record.chunks.size()) {
      throw InputError(fmt::format("{}/{}: is damaged: record {} has no chunk {}", request.folder,
                                   kPredictionsFile, place->first, chunk));
    }
    frames.add(record, table);
  }
  return track;
}

std::vector<ScoreCounts> read_score_counts(const std::string& folder, const std::stop_token& stop) {
  ScoreCounts scores{"largest P(virus) of a record's frames (score)"};
  ScoreCounts probabilities{"calibrated P(virus) of a record"};
  read_contigs(folder, stop, [&](const ContigRow& row) {
    if (row.largest) scores.add(*row.largest, row.is_virus());
    if (row.probability) probabilities.add(*row.probability, row.is_virus());
  });
  if (scores.total() == 0) {
    throw InputError(
        fmt::format("{}/{}: has no record with a score to draw.", folder, kContigsFile));
  }
  std::vector<ScoreCounts> panels = {std::move(scores)};
  if (probabilities.total() > 0) panels.push_back(std::move(probabilities));
  return panels;
}

}  // namespace virnucpro
