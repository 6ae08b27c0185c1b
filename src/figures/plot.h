// `plot`: a figure of a folder of results or of an evaluation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace virnucpro {

enum class FigureKind : std::uint8_t { kTrack, kScores, kRoc, kPrecisionRecall, kCalibration };
inline constexpr std::array kFigureKinds = {FigureKind::kTrack, FigureKind::kScores,
                                            FigureKind::kRoc, FigureKind::kPrecisionRecall,
                                            FigureKind::kCalibration};
/// "track", "scores", "roc", "precision-recall", "calibration".
std::string_view name_of(FigureKind kind);

/// What the height of a chunk in a track is.
enum class TrackValue : std::uint8_t { kScore, kCalibrated };
inline constexpr std::array kTrackValues = {TrackValue::kScore, TrackValue::kCalibrated};
/// "score", "calibrated".
std::string_view name_of(TrackValue value);

/// More panels than can be told apart on a page.
inline constexpr std::size_t kMostPanels = 50;
/// So many records a track has where none is named.
inline constexpr std::size_t kUsualPanels = 8;

struct PlotRequest {
  std::string folder;  ///< of `predict`, `report`, `merge` or `evaluate`
  std::string output;  ///< .svg, .png or .pdf
  /// Ids, separated by commas; they may have commas themselves. Empty: the longest records that are
  /// called virus, or the longest of all where none is.
  std::string records;
  std::optional<FigureKind> figure;  ///< absent: a track, or the ROC of an evaluation
  std::optional<TrackValue> value;   ///< absent: calibrated where the tables have it
  std::optional<double> width;       ///< millimetres; absent: what suits the figure
};

/// The tables that a figure may be made from, in the folder of the request.
std::vector<std::string> plotted_tables(const std::string& folder);

/// Draws the figure; its file appears whole or not at all. Memory: what is drawn. Throws
/// ConfigError for options that do not belong together, InputError for a folder without the tables,
/// damaged tables and unknown records, OutputError, Interrupted.
void plot(const PlotRequest& request, const Log& log, const std::stop_token& stop = {});

}  // namespace virnucpro
