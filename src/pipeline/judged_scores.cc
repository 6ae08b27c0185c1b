#include "pipeline/judged_scores.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "base/stop.h"
#include "pipeline/stored_results.h"
#include "pipeline/stored_rules.h"
#include "report/rows.h"

namespace virnucpro {
namespace {

double score_of(std::span<const StoredOrf> orfs) {
  LargestScores largest;
  for (const StoredOrf& orf : orfs) largest.add(orf.p_others, orf.p_virus);
  return largest.chunk_score();
}

class Collector final : public StoredRunVisitor {
 public:
  Collector(const LabelTable& table, std::string place, const std::stop_token& stop,
            JudgedScores& scores)
      : lookup_(table), place_(std::move(place)), stop_(stop), scores_(scores) {}

  LeftOut left_out() const { return lookup_.left_out(); }

  void begin_record(const StoredRecord& record) override {
    throw_if_stopped(stop_);
    chunk_scores_.clear();
    chunks_ = 0;
    length_ = record.length;
    label_ = lookup_.find(record.id, place_, record.ordinal);
  }

  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) override {
    if (label_ == nullptr) return;
    ++chunks_;
    if (chunk.outcome != Outcome::kScored || orfs.empty()) return count(scores_.unscored_fragments);
    chunk_scores_.push_back(score_of(orfs));
    scores_.fragments.push_back(item(chunk_scores_.back(), chunk.end - chunk.start));
  }

  void end_record(Outcome, std::string_view) override {
    if (label_ == nullptr) return;
    if (chunk_scores_.empty()) return count(scores_.unscored_contigs);
    // A record is viral when more than half of its scored chunks are.
    const auto decisive =
        chunk_scores_.begin() + static_cast<std::ptrdiff_t>(chunk_scores_.size() / 2);
    std::nth_element(chunk_scores_.begin(), decisive, chunk_scores_.end(), std::greater<>());
    scores_.contigs.push_back(item(*decisive, length_));
    scores_.contig_chunks.push_back({chunk_scores_.size(), chunks_});
  }

 private:
  JudgedItem item(double score, std::uint64_t length) const {
    return {score, label_->is_virus, label_->source, label_->group, length};
  }
  void count(UnscoredItems& unscored) const {
    ++(label_->is_virus ? unscored.viruses : unscored.others);
  }

  LabelLookup lookup_;
  const std::string place_;
  const std::stop_token& stop_;
  JudgedScores& scores_;
  const RecordLabel* label_ = nullptr;  ///< of the record at hand
  std::uint64_t length_ = 0;
  std::uint64_t chunks_ = 0;
  std::vector<double> chunk_scores_;
};

}  // namespace

JudgedScores collect_judged_scores(const RunDatabase& database, const LabelTable& table,
                                   const char* command, const std::stop_token& stop) {
  require_complete_run(database, command);
  JudgedScores scores;
  Collector collector(table, database.path(), stop, scores);
  visit_run(database, collector);
  scores.left_out = collector.left_out();
  if (scores.left_out.unused_labels == table.labels.size()) {
    throw InputError(fmt::format(
        "{}: none of its {} records is in the table of labels, whose column id must have the names "
        "that the input files give them{}.{}",
        database.path(), database.extent().records,
        scores.left_out.first_unlabelled.empty()
            ? ""
            : fmt::format(", such as '{}'", scores.left_out.first_unlabelled.substr(0, 60)),
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
      item.score = calibration.chunk_probability(item.score, item.length);
      evidence.add(item.score);
    }
    items.contigs[i].score = probability_of(evidence.log_odds(calibration.contig, chunks.all));
  }
  return items;
}

}  // namespace virnucpro
