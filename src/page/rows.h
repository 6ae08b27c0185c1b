// The facts of one record that report.html shows, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "run/outcome.h"

namespace virnucpro {

/// One scored frame, or run of a frame, of a chunk.
struct PageFrame {
  std::uint8_t frame = 0;  ///< 0 to 5: F1 F2 F3 R1 R2 R3
  float p_virus = 0.0f;
  std::uint64_t start = 0;  ///< of a run: its first base within the chunk
  std::uint64_t bases = 0;  ///< of a run: its length
};

/// One chunk. Its place in the record follows from its number and the length of both.
struct PageChunk {
  Outcome outcome = Outcome::kNoOrf;
  bool is_run = false;                ///< read by runs, since no frame is open
  std::optional<double> probability;  ///< calibrated, at the prevalence of the rule
};

/// A viral region: bases [start, end) of its record.
struct PageRegion {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  double probability = 0.0;
};

/// One record at its end. Views are valid during the call they are passed to.
struct PageRecord {
  std::uint64_t ordinal = 0;
  std::string_view id;  ///< escaped (base/escape.h)
  std::uint64_t length = 0;
  std::uint64_t chunks = 0;
  std::uint64_t scored_chunks = 0;
  std::uint64_t viral_chunks = 0;
  std::uint64_t frames = 0;
  Outcome outcome = Outcome::kNoOrf;
  std::string_view reason;  ///< of a failure
  bool is_viral = false;
  double mean_p_virus = 0.0;
  double max_p_virus = 0.0;
  std::optional<double> score;     ///< highest threshold of scores at which it is viral
  std::optional<double> log_odds;  ///< calibrated, at a prevalence of one half
  std::span<const PageRegion> regions;
  std::optional<double> gc;  ///< share of G and C among A, C, G, T and U
};

}  // namespace virnucpro
