// The outcome of a record, a chunk or a frame: the words of the ledger.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace virnucpro {

/// Scored: at least one score. No ORF: long enough, but no frame is free of stops. Too short: fewer
/// than three bases, so not one codon (the published tool is silent about both). Failed: could not
/// be computed, with a reason. The numbers are those of the run database.
enum class Outcome : std::uint8_t { kScored, kNoOrf, kTooShort, kFailed };

inline constexpr std::size_t kOutcomes = 4;

/// The word in the tables: scored, no_orf, too_short, failed.
constexpr std::string_view name_of(Outcome outcome) {
  constexpr std::array<std::string_view, kOutcomes> kNames = {"scored", "no_orf", "too_short",
                                                              "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

/// The outcome of a chunk without ORFs: a codon takes three bases.
constexpr Outcome outcome_without_orf(std::uint64_t bases) {
  return bases < 3 ? Outcome::kTooShort : Outcome::kNoOrf;
}

}  // namespace virnucpro
