// The account of a run: what became of every record and chunk, and whether the sums match.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "run/outcome.h"

namespace virnucpro {

/// One counter per outcome.
class OutcomeCounts {
 public:
  void add(Outcome outcome) { ++counts_[static_cast<std::size_t>(outcome)]; }
  std::uint64_t operator[](Outcome outcome) const {
    return counts_[static_cast<std::size_t>(outcome)];
  }
  std::uint64_t total() const;

 private:
  std::array<std::uint64_t, kOutcomes> counts_{};
};

/// A record's outcome from those of its chunks: failed if any failed, else scored if any is scored,
/// else no_orf if any is, else too_short (also for a record without chunks).
Outcome outcome_of_record(const OutcomeCounts& chunks);

/// What went into the run, counted where it is read.
struct Intake {
  std::uint64_t records = 0;
  std::uint64_t bases = 0;
  std::uint64_t chunks = 0;
  std::uint64_t orfs = 0;
};

/// What came out of it, counted where it is written.
struct Ledger {
  OutcomeCounts records;
  OutcomeCounts chunks;
  std::uint64_t run_records = 0;    ///< scored, and none of their scored chunks has an open frame
  std::uint64_t run_chunks = 0;     ///< scored by runs, since no frame is open
  std::uint64_t frames = 0;         ///< scored
  std::uint64_t failed_frames = 0;  ///< without a score or, of failed chunks, not reported
};

/// Throws ContractError, listing both sides, unless everything that went in has come out once.
void require_balanced(const Intake& intake, const Ledger& ledger);

}  // namespace virnucpro
