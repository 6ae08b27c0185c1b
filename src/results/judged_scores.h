// The scores of a stored run, together with the known classes of its records.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/work_progress.h"
#include "calls/calibration.h"
#include "evaluation/label_table.h"
#include "evaluation/metrics.h"
#include "run/run_database.h"

namespace virnucpro {

/// Items that have no score: no open frame, too short, or failed. Their score is 0, the lowest.
struct UnscoredItems {
  std::vector<JudgedItem> items;
  std::uint64_t viruses = 0;
  std::uint64_t others = 0;
};

/// Chunks of a contig.
struct ContigChunks {
  std::uint64_t scored = 0;
  std::uint64_t all = 0;
};

/// Fragments are the scored chunks of the first contig, then those of the second, and so on. A
/// score is the highest threshold at which the rules of calls/call_rule.h call the chunk or the
/// record viral, so that a curve over scores is a curve over thresholds.
struct JudgedScores {
  std::vector<JudgedItem> fragments;
  std::vector<ChunkReading> readings;  ///< of each fragment
  std::vector<JudgedItem> contigs;
  std::vector<ContigChunks> contig_chunks;  ///< of each contig
  UnscoredItems unscored_fragments;
  UnscoredItems unscored_contigs;
  LeftOut left_out;
};

/// Reads a complete run once; `command` is for messages. Memory: 56 bytes a scored chunk, 32
/// another. Throws InputError for a run that is not complete or damaged, or has no labelled record;
/// Interrupted.
JudgedScores collect_judged_scores(const RunDatabase& database, const LabelTable& table,
                                   const char* command, const std::stop_token& stop = {},
                                   const WorkProgress& progress = {});

/// The items of `scores`, with calibrated probabilities at a prevalence of one half as scores.
struct CalibratedItems {
  std::vector<JudgedItem> fragments;
  std::vector<JudgedItem> contigs;
};
CalibratedItems calibrated_items(const JudgedScores& scores, const Calibration& calibration);

}  // namespace virnucpro
