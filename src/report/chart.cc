#include "report/chart.h"

#include <array>
#include <string_view>

#include "base/escape.h"
#include "base/format.h"

namespace virnucpro {
namespace {

// In pixels: the square of the data, and room for titles and the legend.
constexpr double kSide = 400.0;
constexpr double kLeft = 70.0;
constexpr double kTop = 50.0;
constexpr double kWidth = kLeft + kSide + 30.0;
constexpr double kHeight = kTop + kSide + 60.0;
constexpr int kTicks = 5;

// Okabe and Ito's palette, which colour-blind readers can tell apart (jfly.uni-koeln.de/color).
constexpr std::array<std::string_view, 4> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7"};

double x_of(double value) { return kLeft + kSide * value; }
double y_of(double value) { return kTop + kSide * (1.0 - value); }

/// Text of an XML element. XML allows neither control bytes nor bytes that are not UTF-8.
std::string xml(const std::string& text) {
  std::string result;
  for (const char c : escaped(text)) {
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '&':
        result += "&amp;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string line(double x1, double y1, double x2, double y2, std::string_view style) {
  return fmt::format("<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" {}/>\n", x1, y1,
                     x2, y2, style);
}

std::string text(double x, double y, std::string_view style, const std::string& content) {
  return fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" {}>{}</text>\n", x, y, style, xml(content));
}

std::string frame_and_ticks() {
  constexpr std::string_view kGrid = "stroke=\"#dddddd\"";
  std::string svg;
  for (int i = 0; i <= kTicks; ++i) {
    const double value = static_cast<double>(i) / kTicks;
    const std::string label = fmt::format("{:.1f}", value);
    svg += line(x_of(value), y_of(0.0), x_of(value), y_of(1.0), kGrid);
    svg += line(x_of(0.0), y_of(value), x_of(1.0), y_of(value), kGrid);
    svg += text(x_of(value), y_of(0.0) + 18.0, "text-anchor=\"middle\"", label);
    svg += text(x_of(0.0) - 8.0, y_of(value) + 4.0, "text-anchor=\"end\"", label);
  }
  return svg + fmt::format(
                   "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
                   "fill=\"none\" stroke=\"#444444\"/>\n",
                   kLeft, kTop, kSide, kSide);
}

std::string drawn(const ChartSeries& series, std::string_view colour) {
  std::string points;
  for (const auto& [x, y] : series.points) {
    points += fmt::format("{}{:.2f},{:.2f}", points.empty() ? "" : " ", x_of(x), y_of(y));
  }
  std::string svg = fmt::format(
      "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", points, colour);
  if (!series.has_markers) return svg;
  for (const auto& [x, y] : series.points) {
    svg += fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"3.5\" fill=\"{}\"/>\n", x_of(x),
                       y_of(y), colour);
  }
  return svg;
}

}  // namespace

std::string chart_svg(const Chart& chart) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      kWidth, kHeight);
  svg += text(x_of(0.5), 28.0, "text-anchor=\"middle\" font-size=\"16\"", chart.title);
  svg += frame_and_ticks();
  svg += text(x_of(0.5), y_of(0.0) + 42.0, "text-anchor=\"middle\"", chart.x_label);
  const double middle = y_of(0.5);
  svg += text(20.0, middle,
              fmt::format("text-anchor=\"middle\" transform=\"rotate(-90 20 {:.2f})\"", middle),
              chart.y_label);
  if (chart.has_diagonal) {
    svg += line(x_of(0.0), y_of(0.0), x_of(1.0), y_of(1.0),
                "stroke=\"#888888\" stroke-dasharray=\"4 4\"");
  }
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const std::string_view colour = kColours[i % kColours.size()];
    svg += drawn(chart.series[i], colour);
    const double y = y_of(0.06 * static_cast<double>(chart.series.size() - i));
    svg += line(x_of(0.48), y - 4.0, x_of(0.54), y - 4.0,
                fmt::format("stroke=\"{}\" stroke-width=\"2\"", colour));
    svg += text(x_of(0.56), y, "", chart.series[i].name);
  }
  return svg + "</svg>\n";
}

}  // namespace virnucpro
