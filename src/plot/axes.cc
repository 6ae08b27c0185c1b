#include "plot/axes.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace virnucpro {
namespace {

constexpr std::string_view kBases = "bp";
constexpr double kTickLength = 2.5;  // points
constexpr double kNumberGap = 5.0;   // between numbers of an axis, at least
constexpr double kLegendRow = 10.0;  // from one row to the next
constexpr double kMarkWidth = 10.0;  // with the gap before the text
constexpr double kEntryGap = 12.0;   // between entries
constexpr double kCapHeight = 0.72;  // of the size: how far capitals rise above the base line

/// The distance of ticks: 1, 2 or 5 times a power of ten, at least `least`.
double round_step(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    // The division rounds: 0.30000000000000004 / 0.1.
    if (factor * power >= least * (1.0 - 1e-9)) return factor * power;
  }
  return 10.0 * power;
}

double step_of(const std::vector<double>& ticks) {
  return ticks.size() > 1 ? ticks[1] - ticks[0] : 1.0;
}

struct PlacedEntry {
  Point at;  ///< relative to the legend's corner
  std::string text;
};

std::vector<PlacedEntry> placed(const Font& font, std::span<const LegendEntry> entries,
                                double width) {
  std::vector<PlacedEntry> result;
  Point at;
  for (const LegendEntry& entry : entries) {
    std::string text = font.fitted(entry.text, kTextSize, width - kMarkWidth);
    const double wide = kMarkWidth + font.width(text, kTextSize);
    if (at.x > 0.0 && at.x + wide > width) at = {0.0, at.y + kLegendRow};
    result.push_back({at, std::move(text)});
    at.x += wide + kEntryGap;
  }
  return result;
}

}  // namespace

std::vector<double> round_ticks(double low, double high, std::size_t most) {
  std::vector<double> ticks;
  if (!(low < high)) return ticks;
  const double step =
      round_step((high - low) / static_cast<double>(std::max<std::size_t>(most, 2) - 1));
  const double first = std::ceil(low / step - 1e-9) + 0.0;  // no -0
  const double last = std::floor(high / step + 1e-9);
  for (double number = first; number <= last; number += 1.0) ticks.push_back(number * step);
  return ticks;
}

std::string tick_text(double value, double step) {
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return fmt::format("{:.{}f}", value, decimals);
}

std::string with_separators(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

PositionUnit position_unit(std::uint64_t length) {
  if (length < 3'000) return {1.0, kBases};
  if (length < 1'000'000) return {1e3, "kb"};
  return {1e6, "Mb"};
}

void draw_x_axis(Canvas& canvas, const Scale& x, double y, double divisor, std::string_view unit) {
  const Font& font = canvas.font();
  canvas.line({x.from, y}, {x.to, y}, {kBlack, 0.5});
  std::vector<double> ticks;
  std::vector<std::string> texts;
  // The unit takes room at the last number; where even two numbers touch, one is written.
  for (std::size_t most = 11; most >= 2; --most) {
    ticks = round_ticks(x.low / divisor, x.high / divisor, most);
    // There is no half base.
    if (unit == kBases) std::erase_if(ticks, [](double tick) { return tick != std::floor(tick); });
    texts.clear();
    double widest = 0.0;
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      texts.push_back(tick_text(ticks[i], step_of(ticks)));
      if (i + 1 == ticks.size() && !unit.empty()) texts.back() += fmt::format(" {}", unit);
      widest = std::max(widest, font.width(texts.back(), kSmallTextSize));
    }
    const double apart = std::abs(x(step_of(ticks) * divisor) - x(0.0));
    if (ticks.size() < 2 || widest + kNumberGap <= apart) break;
  }
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    const double at = x(ticks[i] * divisor);
    canvas.line({at, y}, {at, y + kTickLength}, {kBlack, 0.5});
    canvas.text({at, y + kTickLength + 1.5 + kCapHeight * kSmallTextSize}, texts[i],
                {kSmallTextSize, Anchor::kMiddle, kBlack, false});
  }
}

void draw_y_name(Canvas& canvas, double x, double top, double bottom, const std::string& name) {
  canvas.text({x + kCapHeight * kTextSize, (top + bottom) / 2.0},
              canvas.font().fitted(name, kTextSize, bottom - top),
              {kTextSize, Anchor::kMiddle, kBlack, true});
}

void draw_hatched(Canvas& canvas, const Rectangle& area) {
  constexpr double kApart = 4.0;  // points
  canvas.fill(area, kHatchedColour);
  if (area.width < kApart) return;
  // Each line meets the bottom at a multiple of the distance, so that neighbours go on with it.
  for (double foot = std::ceil((area.x - area.height) / kApart) * kApart; foot < area.right();
       foot += kApart) {
    const double left = std::max(area.x, foot);
    const double right = std::min(area.right(), foot + area.height);
    if (left >= right) continue;
    canvas.line({left, area.bottom() - (left - foot)}, {right, area.bottom() - (right - foot)},
                {{0xc4, 0xc4, 0xc4}, 0.4});
  }
}

double legend_height(const Font& font, std::span<const LegendEntry> entries, double width) {
  return entries.empty() ? 0.0 : placed(font, entries, width).back().at.y + kLegendRow;
}

void draw_legend(Canvas& canvas, Point corner, double width, std::span<const LegendEntry> entries) {
  const std::vector<PlacedEntry> places = placed(canvas.font(), entries, width);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const LegendEntry& entry = entries[i];
    const double x = corner.x + places[i].at.x;
    const double base = corner.y + places[i].at.y + 0.8 * kLegendRow;
    const double middle = base - kCapHeight * kTextSize / 2.0;
    switch (entry.mark) {
      case LegendMark::kBox:
        canvas.fill({x, middle - 3.0, 7.0, 6.0}, entry.colour);
        break;
      case LegendMark::kHatchedBox:
        draw_hatched(canvas, {x, middle - 3.0, 7.0, 6.0});
        break;
      case LegendMark::kLine:
      case LegendMark::kDashedLine:
        canvas.line({x, middle}, {x + 8.0, middle},
                    {entry.colour, 1.25, entry.mark == LegendMark::kDashedLine});
        break;
      case LegendMark::kDot:
        canvas.disc({x + 3.5, middle}, 1.2, entry.colour);
        break;
    }
    canvas.text({x + kMarkWidth, base}, places[i].text, {kTextSize, Anchor::kStart, kBlack, false});
  }
}

}  // namespace virnucpro
