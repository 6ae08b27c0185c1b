// The facts in the result tables, as plain values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "calls/calibration.h"
#include "calls/call_rule.h"
#include "run/ledger.h"

namespace virnucpro {

/// One scored frame, or run of a frame. `name` is F1..F3 or R1..R3.
struct FrameRow {
  std::string_view name;
  ScorePair scores;
  std::uint64_t start = 0;  ///< what was read are the bases [start, end) of the record
  std::uint64_t end = 0;
  bool is_run = false;
};

/// True for a chunk that was read by runs, since none of its frames is open.
inline bool are_runs(std::span<const FrameRow> frames) {
  return !frames.empty() && frames.front().is_run;
}

/// The largest scores of a scored chunk.
inline LargestScores largest_scores(std::span<const FrameRow> frames) {
  LargestScores largest;
  for (const FrameRow& frame : frames) largest.add(frame.scores);
  return largest;
}

/// How much of a chunk was read; of several runs the longest counts.
inline ChunkReading reading_of(std::span<const FrameRow> frames, std::uint64_t length) {
  ChunkReading reading{length, 0, are_runs(frames)};
  for (const FrameRow& frame : frames) {
    reading.read = std::max(reading.read, frame.end - frame.start);
  }
  return reading;
}

/// One chunk: bases [start, end) of its record, 0-based.
struct ChunkRow {
  std::uint64_t index = 0;  ///< within the record, from 0
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  Outcome outcome = Outcome::kNoOrf;
  std::string_view reason;  ///< of a failure
};

/// One record. Views are valid during the call they are passed to.
struct RecordRow {
  std::uint64_t ordinal = 0;  ///< over all inputs, from 0; the tables count from 1
  std::string_view id;
  std::uint64_t length = 0;
};

}  // namespace virnucpro
