#include "plot/unit_chart.h"

#include <cstddef>
#include <memory>
#include <span>

#include "plot/axes.h"

namespace virnucpro {
namespace {

constexpr double kLeft = 33.0;
constexpr double kRight = 10.0;
constexpr double kTop = 20.0;
constexpr double kBelow = 27.0;  // numbers and name of the horizontal axis
constexpr double kRow = 10.0;    // of the legend
constexpr double kBottom = 6.0;
constexpr double kTitleSize = 9.0;
constexpr int kSteps = 5;

/// Later series are dashed, so that one that lies on an earlier one leaves it visible.
constexpr std::size_t kSolidSeries = 2;

Stroke stroke_of(std::size_t series) {
  return {kSeriesColours[series % kSeriesColours.size()], 1.25, series >= kSolidSeries};
}

void draw_grid(Canvas& canvas, const Scale& x, const Scale& y) {
  for (int i = 0; i <= kSteps; ++i) {
    const double value = static_cast<double>(i) / kSteps;
    canvas.line({x(value), y.from}, {x(value), y.to}, {kLightGrey, 0.5});
    canvas.line({x.from, y(value)}, {x.to, y(value)}, {kLightGrey, 0.5});
    canvas.text({x(value), y.from + 9.0}, tick_text(value, 0.2),
                {kSmallTextSize, Anchor::kMiddle, kBlack, false});
    canvas.text({x.from - 3.0, y(value) + 2.2}, tick_text(value, 0.2),
                {kSmallTextSize, Anchor::kEnd, kBlack, false});
  }
}

void draw_series(Canvas& canvas, const ChartSeries& series, const Stroke& stroke, const Scale& x,
                 const Scale& y) {
  std::vector<Point> points;
  for (const auto& [across, up] : series.points) points.push_back({x(across), y(up)});
  if (!points.empty()) canvas.polyline(points, stroke);
  if (!series.has_markers) return;
  for (const Point& point : points) canvas.disc(point, 2.0, stroke.colour);
}

void draw(Canvas& canvas, const Chart& chart, double width) {
  const double side = width - kLeft - kRight;
  const Scale x = {0.0, 1.0, kLeft, kLeft + side};
  const Scale y = {0.0, 1.0, kTop + side, kTop};
  const Font& font = canvas.font();
  const auto centred = [&](double base, const std::string& text, double size) {
    canvas.text({kLeft + side / 2.0, base}, font.fitted(text, size, side),
                {size, Anchor::kMiddle, kBlack, false});
  };
  centred(13.0, chart.title, kTitleSize);
  draw_grid(canvas, x, y);
  centred(y.from + 19.0, chart.x_label, kTextSize);
  draw_y_name(canvas, 4.0, y.to, y.from, chart.y_label);
  if (chart.has_diagonal) {
    canvas.line({x(0.0), y(0.0)}, {x(1.0), y(1.0)}, {{0x88, 0x88, 0x88}, 0.75, true});
  }
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Stroke stroke = stroke_of(i);
    draw_series(canvas, chart.series[i], stroke, x, y);
    const LegendEntry entry = {stroke.is_dashed ? LegendMark::kDashedLine : LegendMark::kLine,
                               stroke.colour, chart.series[i].name};
    draw_legend(canvas, {kLeft, y.from + kBelow + kRow * static_cast<double>(i)}, side,
                std::span(&entry, 1));
  }
  canvas.outline({kLeft, kTop, side, side}, {{0x44, 0x44, 0x44}, 0.75});
}

}  // namespace

Figure unit_chart(Chart chart, double width) {
  const double side = width - kLeft - kRight;
  const double height =
      kTop + side + kBelow + kRow * static_cast<double>(chart.series.size()) + kBottom;
  const auto owned = std::make_shared<const Chart>(std::move(chart));
  return {width, height, owned->title,
          [owned, width](Canvas& canvas) { draw(canvas, *owned, width); }};
}

}  // namespace virnucpro
