#include "run/ledger.h"

#include <numeric>

#include "base/check.h"

namespace virnucpro {

std::uint64_t OutcomeCounts::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

Outcome outcome_of_record(const OutcomeCounts& chunks) {
  if (chunks[Outcome::kFailed] > 0) return Outcome::kFailed;
  if (chunks[Outcome::kScored] > 0) return Outcome::kScored;
  if (chunks[Outcome::kNoOrf] > 0) return Outcome::kNoOrf;
  return Outcome::kTooShort;
}

void require_balanced(const Intake& intake, const Ledger& ledger) {
  const bool balanced = intake.records == ledger.records.total() &&
                        intake.chunks == ledger.chunks.total() &&
                        intake.orfs == ledger.frames + ledger.failed_frames;
  check(balanced,
        "the ledger does not balance: {} records, {} chunks and {} frames went in, {}, {} and {} "
        "came out. The results are not complete and were not written; please report this.",
        intake.records, intake.chunks, intake.orfs, ledger.records.total(), ledger.chunks.total(),
        ledger.frames + ledger.failed_frames);
}

}  // namespace virnucpro
