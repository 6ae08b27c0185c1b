#include "results/stored_tables.h"

#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/stop.h"
#include "results/stored_rules.h"
#include "sequence/frames.h"
#include "sequence/packed_bases.h"

namespace virnucpro {
namespace {

class TableWriter final : public StoredRunVisitor {
 public:
  TableWriter(PredictionTables& tables, const std::stop_token& stop, const NewScores* scores,
              WorkStep step)
      : tables_(tables), stop_(stop), scores_(scores), step_(std::move(step)) {}

  std::uint64_t bases() const { return total_; }

  void begin_record(const StoredRecord& record) override {
    throw_if_stopped(stop_);
    check(unpack_bases(record.bases, record.length, bases_), "bases that were not checked");
    total_ += record.length;
    tables_.begin_record({record.ordinal, record.id, record.length});
  }

  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) override {
    const bool is_scored = chunk.outcome == Outcome::kScored;
    frames_.clear();
    for (const StoredOrf& orf : orfs) {
      if (!is_scored) break;
      const ScorePair scores =
          scores_ == nullptr ? ScorePair{orf.p_others, orf.p_virus} : scores_->of(orf.number);
      frames_.push_back(
          {frame_name(static_cast<Frame>(orf.frame)), scores, orf.start, orf.end, orf.is_run});
    }
    tables_.chunk({chunk.index, chunk.start, chunk.end, chunk.outcome, chunk.reason}, frames_,
                  is_scored ? 0 : orfs.size());
  }

  void end_record(Outcome, std::string_view) override {
    tables_.end_record(bases_);
    step_.add();
  }

 private:
  PredictionTables& tables_;
  const std::stop_token& stop_;
  const NewScores* scores_;
  WorkStep step_;  ///< a record each
  std::string bases_;
  std::vector<FrameRow> frames_;
  std::uint64_t total_ = 0;
};

}  // namespace

std::uint64_t write_stored_tables(const RunDatabase& database, PredictionTables& tables,
                                  const std::stop_token& stop, const NewScores* scores,
                                  const WorkProgress& progress, std::size_t threads) {
  TableWriter writer(tables, stop, scores,
                     WorkStep(progress, "writing tables", "record", database.extent().records));
  visit_run(database, writer, threads);
  return writer.bases();
}

}  // namespace virnucpro
