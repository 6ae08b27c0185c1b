// Figures from the tables of a folder of results.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "figures/plot.h"
#include "plot/score_histogram.h"
#include "plot/track.h"

namespace virnucpro {

/// The track that the request asks for. Reads contigs.tsv and predictions.tsv once. Says in the log
/// which records it chose where none is named. Throws InputError, Interrupted.
Track read_track(const PlotRequest& request, const Log& log, const std::stop_token& stop);

/// The largest P(virus) of each record, and its calibrated probability where there is one. Throws
/// InputError, Interrupted.
std::vector<ScoreCounts> read_score_counts(const std::string& folder, const std::stop_token& stop);

}  // namespace virnucpro
