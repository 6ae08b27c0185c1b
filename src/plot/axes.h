// What all figures share: round numbers on axes, and legends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plot/canvas.h"

namespace virnucpro {

inline constexpr double kTextSize = 7.0;       // points
inline constexpr double kSmallTextSize = 6.0;  // of numbers on axes and notes

/// Multiples of 1, 2 or 5 times a power of ten in [low, high], at most `most` (two or more) of them
/// as far as one step allows. Empty unless low < high.
std::vector<double> round_ticks(double low, double high, std::size_t most);

/// A tick as text, with the decimals that `step`, the distance of ticks, needs.
std::string tick_text(double value, double step);

/// "5,243".
std::string with_separators(std::uint64_t number);

/// How positions in a record of that length are written: "bp", "kb" or "Mb".
struct PositionUnit {
  double bases = 1.0;
  std::string_view name;
};
PositionUnit position_unit(std::uint64_t length);

/// The scale from [low, high] to points.
struct Scale {
  double low = 0.0;
  double high = 1.0;
  double from = 0.0;  ///< the place of `low`
  double to = 1.0;    ///< the place of `high`, which may lie before `from`

  double operator()(double value) const {
    return from + (value - low) / (high - low) * (to - from);
  }
};

/// Ticks and their numbers below a line from `x.from` to `x.to` at the height `y`: as many as fit
/// without touching. `unit` is written behind the last number; `divisor` turns values into it.
void draw_x_axis(Canvas& canvas, const Scale& x, double y, double divisor = 1.0,
                 std::string_view unit = {});

/// The name of the vertical axis, read upwards, at its left edge.
void draw_y_name(Canvas& canvas, double x, double top, double bottom, const std::string& name);

/// A pale area with slanting lines, for what has no value; areas side by side look like one. Too
/// narrow ones have no lines.
void draw_hatched(Canvas& canvas, const Rectangle& area);
inline constexpr Colour kHatchedColour = {0xf0, 0xf0, 0xf0};

enum class LegendMark : std::uint8_t { kBox, kHatchedBox, kLine, kDashedLine, kDot };

struct LegendEntry {
  LegendMark mark = LegendMark::kBox;
  Colour colour;
  std::string text;
};

/// The entries in rows of `width` points. Texts that are wider than a row are shortened.
double legend_height(const Font& font, std::span<const LegendEntry> entries, double width);
void draw_legend(Canvas& canvas, Point corner, double width, std::span<const LegendEntry> entries);

}  // namespace virnucpro
