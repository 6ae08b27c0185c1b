// Tracks: the chunks of records at their places, with their probabilities.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plot/figure.h"

namespace virnucpro {

/// The bases [start, end) of a record, 0-based.
struct TrackChunk {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::optional<double> value;  ///< 0 to 1; absent: nothing of it was read
  bool is_virus = false;
  bool is_run = false;         ///< read by stop-free runs, since no frame is open
  std::vector<double> frames;  ///< of its single frames; drawn where there are several
};

struct TrackRecord {
  std::string id;  ///< may hold anything
  std::uint64_t length = 0;
  std::vector<TrackChunk> chunks;  ///< by their starts
  std::string call;                ///< "virus", "others", or what stands for none
  std::optional<double> probability;
};

struct Track {
  std::vector<TrackRecord> records;  ///< a panel each, at least one
  std::string value_name;            ///< of the vertical axis
  std::optional<double> threshold;   ///< from which value on a chunk is called virus
  std::string gap_name;              ///< why chunks have no value
};

/// Panels below each other, `width` in points; the more there are, the lower each is. Where chunks
/// would be narrower than a line, a bar stands for several: its height is their mean, its colour
/// that of most, and the panel says how many.
Figure track_figure(Track track, double width);

}  // namespace virnucpro
