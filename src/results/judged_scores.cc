#include "results/judged_scores.h"

#include <optional>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/stop.h"
#include "calls/record_caller.h"
#include "results/stored_results.h"
#include "results/stored_rules.h"

namespace virnucpro {
namespace {

class Collector final : public StoredRunVisitor {
 public:
  Collector(const LabelTable& table, std::string place, const std::stop_token& stop,
            JudgedScores& scores, WorkStep step)
      : lookup_(table),
        place_(std::move(place)),
        stop_(stop),
        scores_(scores),
        step_(std::move(step)) {}

  LeftOut left_out() const { return lookup_.left_out(); }

  void begin_record(const StoredRecord& record) override {
    throw_if_stopped(stop_);
    caller_.begin();
    first_fragment_ = scores_.fragments.size();
    length_ = record.length;
    label_ = lookup_.find(record.id, place_, record.ordinal);
  }

  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) override {
    if (label_ == nullptr) return;
    if (chunk.outcome != Outcome::kScored || orfs.empty()) {
      caller_.unscored_chunk();
      return add(chunk.end - chunk.start, scores_.unscored_fragments);
    }
    LargestScores largest;
    for (const StoredOrf& orf : orfs) largest.add({orf.p_others, orf.p_virus});
    const ChunkReading reading = reading_of(chunk, orfs);
    scores_.fragments.push_back(item(caller_.chunk(largest, reading).score, reading.length));
    scores_.readings.push_back(reading);
  }

  void end_record(Outcome, std::string_view) override {
    step_.add();
    if (label_ == nullptr) return;
    std::vector<double> chunk_scores;
    for (std::size_t i = first_fragment_; i < scores_.fragments.size(); ++i) {
      chunk_scores.push_back(scores_.fragments[i].score);
    }
    const std::optional<double> score = record_score(std::move(chunk_scores));
    if (!score) return add(length_, scores_.unscored_contigs);
    const RecordVerdict verdict = caller_.end();
    scores_.contigs.push_back(item(*score, length_));
    scores_.contig_chunks.push_back({verdict.scored_chunks, verdict.chunks});
  }

 private:
  JudgedItem item(double score, std::uint64_t length) const {
    return {score, label_->is_virus, label_->source, label_->group, length};
  }
  void add(std::uint64_t length, UnscoredItems& unscored) const {
    unscored.items.push_back(item(0.0, length));
    ++(label_->is_virus ? unscored.viruses : unscored.others);
  }

  LabelLookup lookup_;
  const std::string place_;
  const std::stop_token& stop_;
  JudgedScores& scores_;
  WorkStep step_;                       ///< a record each
  const RecordLabel* label_ = nullptr;  ///< of the current record
  std::uint64_t length_ = 0;
  RecordCaller caller_;
  std::size_t first_fragment_ = 0;
};

}  // namespace

JudgedScores collect_judged_scores(const RunDatabase& database, const LabelTable& table,
                                   const char* command, const std::stop_token& stop,
                                   const WorkProgress& progress) {
  require_complete_run(database, command);
  JudgedScores scores;
  Collector collector(table, database.path(), stop, scores,
                      WorkStep(progress, "reading", "record", database.extent().records));
  visit_run(database, collector);
  scores.left_out = collector.left_out();
  if (scores.left_out.unused_labels == table.labels.size()) {
    throw InputError(fmt::format(
        "{}: none of its {} is in the table of labels, whose column id must have the names "
        "that the input files give them{}.{}",
        database.path(), counted(database.extent().records, "record"),
        scores.left_out.first_unlabelled.empty()
            ? ""
            : fmt::format(", such as '{}'", shown_id(scores.left_out.first_unlabelled)),
        near_label_hint(scores.left_out)));
  }
  return scores;
}

CalibratedItems calibrated_items(const JudgedScores& scores, const Calibration& calibration) {
  CalibratedItems items{scores.fragments, scores.contigs};
  std::size_t fragment = 0;
  for (std::size_t i = 0; i < items.contigs.size(); ++i) {
    const ContigChunks& chunks = scores.contig_chunks[i];
    ContigEvidence evidence;
    for (std::uint64_t k = 0; k < chunks.scored; ++k, ++fragment) {
      JudgedItem& item = items.fragments[fragment];
      const ChunkReading& reading = scores.readings[fragment];
      item.score = calibration.chunk_probability(item.score, reading);
      evidence.add(item.score, reading.is_run);
    }
    items.contigs[i].score = probability_of(evidence.log_odds(calibration.contig, chunks.all));
  }
  return items;
}

}  // namespace virnucpro
