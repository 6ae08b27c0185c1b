#include "plot/track.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>

#include "base/counted.h"
#include "base/format.h"
#include "plot/axes.h"

namespace virnucpro {
namespace {

constexpr double kLeft = 33.0;
constexpr double kRight = 14.0;  // half of the last number of an axis stands there
constexpr double kTop = 4.0;
constexpr double kTitle = 11.0;    // above the data of a panel
constexpr double kNumbers = 12.0;  // below it
constexpr double kGap = 5.0;       // between panels
constexpr double kXName = 10.0;
constexpr double kTitleGap = 8.0;  // between the id and what is said of it
constexpr double kBottom = 5.0;

constexpr double kLeastBar = 0.75;       // points: the thinnest line that prints well
constexpr double kLeastSeparated = 4.0;  // bars of this width have a gap between them
constexpr double kLeastForFrames = 3.0;  // and of this width have room for dots
constexpr double kLeastHeight = 0.8;     // of a bar whose value is 0
constexpr double kRunTint = 0.55;
constexpr Colour kDotColour = kBlack;

double data_height(std::size_t panels) {
  if (panels == 1) return 100.0;
  if (panels == 2) return 75.0;
  if (panels <= 4) return 56.0;
  return panels <= 8 ? 40.0 : 28.0;
}

/// A bar: one chunk, or several neighbours.
struct Bar {
  double start = 0.0;
  double end = 0.0;
  std::optional<double> value;
  bool is_virus = false;
  bool is_run = false;
};

/// The bars of a record, and how many chunks one stands for.
struct Bars {
  std::vector<Bar> bars;
  std::size_t chunks_each = 1;
};

Bar mean_of(std::span<const TrackChunk> chunks) {
  Bar bar;
  bar.start = static_cast<double>(chunks.front().start);
  bar.end = static_cast<double>(chunks.back().end);
  double sum = 0.0;
  std::size_t read = 0;
  std::size_t virus = 0;
  std::size_t runs = 0;
  for (const TrackChunk& chunk : chunks) {
    if (!chunk.value) continue;
    ++read;
    sum += *chunk.value;
    virus += chunk.is_virus ? 1 : 0;
    runs += chunk.is_run ? 1 : 0;
  }
  if (read == 0) return bar;
  bar.value = sum / static_cast<double>(read);
  bar.is_virus = 2 * virus > read;
  bar.is_run = 2 * runs > read;
  return bar;
}

Bars bars_of(const TrackRecord& record, double points) {
  Bars result;
  const std::size_t count = record.chunks.size();
  const auto most = static_cast<std::size_t>(points / kLeastBar);
  result.chunks_each = std::max<std::size_t>(1, (count + most - 1) / most);
  for (std::size_t i = 0; i < count; i += result.chunks_each) {
    const std::size_t taken = std::min(result.chunks_each, count - i);
    result.bars.push_back(mean_of(std::span(record.chunks).subspan(i, taken)));
  }
  // Neighbours share some bases; each is drawn to the middle of them.
  for (std::size_t i = 1; i < result.bars.size(); ++i) {
    Bar& before = result.bars[i - 1];
    Bar& bar = result.bars[i];
    if (before.end > bar.start) before.end = bar.start = (before.end + bar.start) / 2.0;
  }
  return result;
}

Colour colour_of(bool is_virus, bool is_run) {
  const Colour colour = is_virus ? kVirusColour : kOthersColour;
  return is_run ? tinted(colour, kRunTint) : colour;
}

std::string probability_text(double probability) {
  if (probability > 0.9995) return "P > 0.999";
  if (probability < 0.0005) return "P < 0.001";
  return fmt::format("P = {:.3f}", probability);
}

/// What is said of a record at the right: as much as leaves the id its width, or half of the panel.
std::string facts_of(const Font& font, const TrackRecord& record, std::size_t chunks_each,
                     double points) {
  const std::string length = with_separators(record.length) + " bp";
  std::string whole = fmt::format("{} · {}", length, counted(record.chunks.size(), "chunk"));
  if (chunks_each > 1) whole += fmt::format(" ({} a bar)", chunks_each);
  whole += " · " + record.call;
  if (record.probability) whole += ", " + probability_text(*record.probability);
  const std::string shown = font.fitted(record.id, kTextSize, 0.5 * points);
  const double room = points - kTitleGap - font.width(shown, kTextSize);
  for (const std::string& text : {whole, length + " · " + record.call, record.call}) {
    if (font.width(text, kSmallTextSize) <= room) return text;
  }
  return "";
}

void draw_bars(Canvas& canvas, const Bars& bars, const Scale& x, const Scale& y) {
  for (std::size_t i = 0; i < bars.bars.size(); ++i) {
    const Bar& bar = bars.bars[i];
    const double left = x(bar.start);
    double width = x(bar.end) - left;
    // Without a gap, bars overlap a little: viewers would show the paper between them.
    width += width >= kLeastSeparated ? -0.5 : i + 1 < bars.bars.size() ? 0.1 : 0.0;
    if (!bar.value) {
      draw_hatched(canvas, {left, y.to, width, y.from - y.to});
      continue;
    }
    const double height = std::max(kLeastHeight, y.from - y(std::clamp(*bar.value, 0.0, 1.0)));
    canvas.fill({left, y.from - height, width, height}, colour_of(bar.is_virus, bar.is_run));
  }
}

bool has_dots(const TrackChunk& chunk, double bases_per_point) {
  const auto bases = static_cast<double>(chunk.end - chunk.start);
  return chunk.frames.size() > 1 && bases >= kLeastForFrames * bases_per_point;
}

double bases_per_point(const TrackRecord& record, double points) {
  return static_cast<double>(record.length) / points;
}

void draw_frames(Canvas& canvas, const TrackRecord& record, const Scale& x, const Scale& y) {
  for (const TrackChunk& chunk : record.chunks) {
    if (!has_dots(chunk, bases_per_point(record, x.to - x.from))) continue;
    const double middle =
        x((static_cast<double>(chunk.start) + static_cast<double>(chunk.end)) / 2.0);
    for (const double frame : chunk.frames) {
      canvas.disc({middle, y(std::clamp(frame, 0.0, 1.0))}, 0.9, kDotColour);
    }
  }
}

/// The entries of what is drawn somewhere.
std::vector<LegendEntry> legend_of(const Track& track, double points) {
  bool drawn[2][2] = {};  // by run, by virus
  bool has_gaps = false;
  bool has_frames = false;
  for (const TrackRecord& record : track.records) {
    for (const Bar& bar : bars_of(record, points).bars) {
      if (bar.value) drawn[bar.is_run ? 1 : 0][bar.is_virus ? 1 : 0] = true;
      has_gaps = has_gaps || !bar.value;
    }
    for (const TrackChunk& chunk : record.chunks) {
      has_frames = has_frames || has_dots(chunk, bases_per_point(record, points));
    }
  }
  std::vector<LegendEntry> entries;
  for (const bool is_run : {false, true}) {
    for (const bool is_virus : {true, false}) {
      if (!drawn[is_run ? 1 : 0][is_virus ? 1 : 0]) continue;
      entries.push_back({LegendMark::kBox, colour_of(is_virus, is_run),
                         fmt::format("called {}{}", is_virus ? "virus" : "others",
                                     is_run ? ", read by a stop-free run" : "")});
    }
  }
  if (has_gaps) entries.push_back({LegendMark::kHatchedBox, kHatchedColour, track.gap_name});
  if (has_frames) entries.push_back({LegendMark::kDot, kDotColour, "single frames"});
  if (track.threshold) {
    entries.push_back(
        {LegendMark::kDashedLine, kBlack, fmt::format("threshold {:.3g}", *track.threshold)});
  }
  return entries;
}

void draw_panel(Canvas& canvas, const Track& track, const TrackRecord& record, double top,
                double width, double height) {
  const double points = width - kLeft - kRight;
  // A record without bases has an axis all the same.
  const double bases = std::max(1.0, static_cast<double>(record.length));
  const Scale x = {0.0, bases, kLeft, kLeft + points};
  const Scale y = {0.0, 1.0, top + kTitle + height, top + kTitle};
  const Font& font = canvas.font();
  const Bars bars = bars_of(record, points);
  const std::string facts = facts_of(font, record, bars.chunks_each, points);
  const double room = points - font.width(facts, kSmallTextSize) - kTitleGap;
  canvas.text({x.from, y.to - 4.0}, font.fitted(record.id, kTextSize, room),
              {kTextSize, Anchor::kStart, kBlack, false});
  canvas.text({x.to, y.to - 4.0}, facts, {kSmallTextSize, Anchor::kEnd, kGrey, false});
  draw_bars(canvas, bars, x, y);
  for (const double value : {0.0, 0.5, 1.0}) {
    canvas.line({x.from - 2.5, y(value)}, {x.from, y(value)}, {kBlack, 0.5});
    canvas.text({x.from - 4.0, y(value) + 2.2}, tick_text(value, 0.5),
                {kSmallTextSize, Anchor::kEnd, kBlack, false});
  }
  if (track.threshold) {
    canvas.line({x.from, y(*track.threshold)}, {x.to, y(*track.threshold)}, {kBlack, 0.5, true});
  }
  draw_frames(canvas, record, x, y);
  canvas.line({x.from, y.from}, {x.from, y.to}, {kBlack, 0.5});
  const PositionUnit unit = position_unit(record.length);
  draw_x_axis(canvas, x, y.from, unit.bases, unit.name);
}

}  // namespace

Figure track_figure(Track track, double width) {
  const auto owned = std::make_shared<const Track>(std::move(track));
  const double points = width - kLeft - kRight;
  const double data = data_height(owned->records.size());
  const double panel = kTitle + data + kNumbers + kGap;
  const double panels = kTop + panel * static_cast<double>(owned->records.size());
  const std::vector<LegendEntry> legend = legend_of(*owned, points);
  const double height = panels + kXName + legend_height(Font(), legend, points) + kBottom;
  return {width, height, "Chunks of " + counted(owned->records.size(), "record"),
          [=](Canvas& canvas) {
            double top = kTop;
            for (const TrackRecord& record : owned->records) {
              draw_panel(canvas, *owned, record, top, width, data);
              top += panel;
            }
            draw_y_name(canvas, 3.0, kTop, panels, owned->value_name);
            canvas.text({kLeft + points / 2.0, panels + 4.0}, "position in the record",
                        {kTextSize, Anchor::kMiddle, kBlack, false});
            draw_legend(canvas, {kLeft, panels + kXName}, points, legend);
          }};
}

}  // namespace virnucpro
