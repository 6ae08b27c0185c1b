#include "results/stored_rules.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/counted.h"
#include "base/format.h"
#include "results/run_facts.h"
#include "results/visit_ahead.h"
#include "run/damage.h"
#include "run/ledger.h"
#include "sequence/chunks.h"
#include "sequence/frames.h"
#include "sequence/packed_bases.h"

namespace virnucpro {
namespace {

/// Two floats, each rounded by itself, differ by at most 1.2e-7.
constexpr double kRounding = 1e-6;

/// ORFs that are remembered to be compared with their repeats: more than most runs themselves look
/// back, in 3 MB. Of older ones only the scores are compared, which are read again, once for as
/// many of them.
constexpr std::size_t kRemembered = std::size_t{1} << 17;

template <typename Orfs, typename FrameOf>
std::string frames_text(const Orfs& orfs, FrameOf frame_of) {
  std::string text;
  for (const auto& orf : orfs) {
    if (!text.empty()) text += ' ';
    text += frame_name(frame_of(orf));
  }
  return text.empty() ? "no frame" : text;
}

Frame frame_of(const StoredOrf& orf) { return static_cast<Frame>(orf.frame); }

/// Passes rows that follow the rules to another visitor.
class StoredRules final : public StoredRunVisitor {
 public:
  explicit StoredRules(const RunDatabase& database)
      : database_(database),
        expected_length_(
            static_cast<std::uint64_t>(expected_length_of(database.work(), database.path()))),
        frames_(frame_rule_of(database.work(), database.path())),
        remembered_(std::clamp<std::uint64_t>(database.extent().orfs, 1, kRemembered)),
        older_(database.extent().orfs > kRemembered ? kRemembered : 1) {}

  void hand_on_to(StoredRunVisitor& visitor) { visitor_ = &visitor; }

  void begin_record(const StoredRecord& record) override {
    if (!unpack_bases(record.bases, record.length, bases_)) {
      fail(fmt::format("its packed bases are not those of {} bases", record.length));
    }
    record_ = record.ordinal;
    chunks_ = 0;
    outcomes_ = {};
    reason_.clear();
    visitor_->begin_record(record);
  }

  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) override {
    require_place(chunk);
    find_orfs(std::string_view(bases_).substr(chunk.start, chunk.end - chunk.start), frames_,
              found_);
    require_frames(chunk, orfs);
    require_outcome(chunk, orfs);
    for (std::size_t i = 0; i < orfs.size(); ++i) require_scores(orfs[i], found_.orfs()[i]);
    ++chunks_;
    outcomes_.add(chunk.outcome);
    if (reason_.empty()) reason_ = chunk.reason;
    visitor_->chunk(chunk, placed(chunk, orfs));
  }

  void end_record(Outcome outcome, std::string_view reason) override {
    const std::uint64_t expected = chunk_count(bases_.size(), expected_length_);
    if (chunks_ != expected) {
      fail(fmt::format("{} of {}, expected {}", counted(chunks_, "chunk"),
                       counted(bases_.size(), "base"), expected));
    }
    const Outcome expected_outcome = outcome_of_record(outcomes_);
    if (outcome != expected_outcome) {
      fail(fmt::format("the outcome {}, expected {} by that of its chunks", name_of(outcome),
                       name_of(expected_outcome)));
    }
    if (reason != reason_) fail("another reason than that of its first failed chunk");
    visitor_->end_record(outcome, reason);
  }

 private:
  /// The same rows, with what was read of the chunk. Valid until the next call.
  std::span<const StoredOrf> placed(const StoredChunk& chunk, std::span<const StoredOrf> orfs) {
    placed_.assign(orfs.begin(), orfs.end());
    for (std::size_t i = 0; i < placed_.size(); ++i) {
      const Orf& found = found_.orfs()[i];
      placed_[i].start = chunk.start + found.start;
      placed_[i].end = chunk.start + found.end;
      placed_[i].is_run = found.is_run;
    }
    return placed_;
  }

  /// The values that a repeat is compared with.
  struct Remembered {
    std::size_t content = 0;  ///< hash of nucleotides and protein
    float p_others = 0.0f;
    float p_virus = 0.0f;
    bool is_own_score = false;
  };

  /// Of an ORF that is too old to be remembered; its content is not.
  struct Older {
    static constexpr std::uint64_t kNone = ~std::uint64_t{0};
    std::uint64_t number = kNone;
    Remembered scores;
  };

  /// Who tells the rows adds the record's number.
  [[noreturn]] void fail(const std::string& found) const { fail_damaged(database_.path(), found); }
  [[noreturn]] void fail(const StoredChunk& chunk, const std::string& found) const {
    fail(fmt::format("table chunks, row {}: {}", chunk.number, found));
  }
  [[noreturn]] void fail(const StoredOrf& orf, const std::string& found) const {
    fail(fmt::format("table orfs, row {}: {}", orf.number, found));
  }

  void require_place(const StoredChunk& chunk) const {
    const ChunkRange range(record_, bases_.size(), expected_length_);
    if (chunk.index >= range.size()) {
      fail(chunk, fmt::format("chunk {} of a record of {} bases, which has {}", chunk.index,
                              bases_.size(), range.size()));
    }
    const Chunk expected = range[chunk.index];
    if (chunk.start == expected.start && chunk.end == expected.end) return;
    fail(chunk, fmt::format("bases {} to {}, expected {} to {}", chunk.start, chunk.end,
                            expected.start, expected.end));
  }

  void require_frames(const StoredChunk& chunk, std::span<const StoredOrf> orfs) const {
    const bool are_same = std::equal(
        orfs.begin(), orfs.end(), found_.orfs().begin(), found_.orfs().end(),
        [](const StoredOrf& stored, const Orf& orf) { return frame_of(stored) == orf.frame; });
    if (are_same) return;
    fail(chunk, fmt::format("{}, expected {} by its bases", frames_text(orfs, frame_of),
                            frames_text(found_.orfs(), [](const Orf& orf) { return orf.frame; })));
  }

  void require_outcome(const StoredChunk& chunk, std::span<const StoredOrf> orfs) const {
    const auto failed = std::find_if(orfs.begin(), orfs.end(), [](const StoredOrf& orf) {
      return orf.outcome == Outcome::kFailed;
    });
    Outcome expected = Outcome::kScored;
    std::string_view reason;
    if (orfs.empty()) {
      expected = outcome_without_orf(chunk.end - chunk.start);
    } else if (failed != orfs.end()) {
      expected = Outcome::kFailed;
      reason = failed->reason;
    }
    if (chunk.outcome != expected) {
      fail(chunk, fmt::format("the outcome {}, expected {} by that of its frames",
                              name_of(chunk.outcome), name_of(expected)));
    }
    if (chunk.reason != reason) fail(chunk, "another reason than that of its first failed frame");
  }

  void require_scores(const StoredOrf& orf, const Orf& found) {
    if (!are_possible_scores(orf)) {
      fail(orf, fmt::format("p_others {} and p_virus {}, expected a sum of 1", orf.p_others,
                            orf.p_virus));
    }
    const std::hash<std::string_view> hash;
    const std::size_t content = hash(found.nucleotides) * 31 + hash(found.protein);
    const bool is_scored = orf.outcome == Outcome::kScored;
    if (orf.same_as) require_same(orf, content);
    remembered_[orf.number % remembered_.size()] = {content, orf.p_others, orf.p_virus,
                                                    is_scored && !orf.same_as};
  }

  /// One of the ORFs that are older than those, read when a repeat asks for it.
  const Remembered& older(std::uint64_t number) {
    Older& kept = older_[number % older_.size()];
    if (kept.number == number) return kept.scores;
    kept.number = Older::kNone;  // should reading fail
    database_.read_orfs(number, number + 1, [&](const StoredOrf& row) {
      kept.scores = {0, row.p_others, row.p_virus, row.outcome == Outcome::kScored && !row.same_as};
      kept.number = number;
    });
    return kept.scores;
  }

  void require_same(const StoredOrf& orf, std::size_t content) {
    const std::uint64_t other = *orf.same_as;
    const bool is_new = orf.number - other <= remembered_.size();
    const Remembered& owner = is_new ? remembered_[other % remembered_.size()] : older(other);
    if (is_new && owner.content != content) {
      fail(orf, fmt::format("equal to row {}, which has other bases", other));
    }
    // A failed ORF may have been computed since: a repair tries only what is missing.
    if (orf.outcome == Outcome::kFailed) return;
    if (owner.is_own_score && owner.p_others == orf.p_others && owner.p_virus == orf.p_virus) {
      return;
    }
    fail(orf, fmt::format("equal to row {}, which has other scores", other));
  }

  const RunDatabase& database_;
  const std::uint64_t expected_length_;
  const FrameRule frames_;
  StoredRunVisitor* visitor_ = nullptr;
  OrfBuffer found_;
  std::vector<StoredOrf> placed_;
  std::vector<Remembered> remembered_;  ///< by number, the newest
  std::vector<Older> older_;            ///< by number, those that were asked for last
  // The current record.
  std::uint64_t record_ = 0;
  std::string bases_;
  std::uint64_t chunks_ = 0;
  OutcomeCounts outcomes_;
  std::string reason_;
};

}  // namespace

ChunkReading reading_of(const StoredChunk& chunk, std::span<const StoredOrf> orfs) {
  ChunkReading reading{chunk.end - chunk.start, 0, !orfs.empty() && orfs.front().is_run};
  for (const StoredOrf& orf : orfs) reading.read = std::max(reading.read, orf.end - orf.start);
  return reading;
}

bool are_possible_scores(const StoredOrf& orf) {
  if (orf.outcome == Outcome::kFailed) return true;
  return std::abs(double{orf.p_others} + double{orf.p_virus} - 1.0) <= kRounding;
}

void visit_run(const RunDatabase& database, StoredRunVisitor& visitor, std::size_t threads) {
  StoredRules rules(database);
  if (threads <= 1) {
    rules.hand_on_to(visitor);
    return database.visit(rules);
  }
  // In parts, since a visit as a whole would keep the database from the others.
  const PassingVisit read = [step = database.visit_in_parts()](StoredRunVisitor& to,
                                                               const std::function<void()>& pass) {
    while (step(to)) pass();
  };
  const PassingVisit check = [&](StoredRunVisitor& to, const std::function<void()>& pass) {
    rules.hand_on_to(to);
    if (threads == 2) return read(rules, pass);
    visit_ahead(read, rules, database.path(), pass);
  };
  visit_ahead(check, visitor, database.path());
}

void visit_run_so_far(const RunDatabase& database, StoredRunVisitor& visitor) {
  StoredRules rules(database);
  rules.hand_on_to(visitor);
  database.visit_so_far(rules);
}

std::function<bool(StoredRunVisitor&)> visit_run_in_steps(const RunDatabase& database) {
  return [rules = std::make_shared<StoredRules>(database),
          step = database.visit_in_steps()](StoredRunVisitor& visitor) {
    rules->hand_on_to(visitor);
    return step(*rules);
  };
}

}  // namespace virnucpro
