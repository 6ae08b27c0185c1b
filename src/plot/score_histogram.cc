#include "plot/score_histogram.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "base/format.h"
#include "plot/axes.h"

namespace virnucpro {
namespace {

constexpr double kLeft = 40.0;
constexpr double kRight = 10.0;
constexpr double kTop = 16.0;
constexpr double kDataHeight = 120.0;
constexpr double kBelow = 27.0;
constexpr double kPanelHeight = kTop + kDataHeight + kBelow;
constexpr double kLeastPanelWidth = 170.0;  // points, two panels of which fill a page
constexpr double kBottom = 6.0;

/// From here on a bin of one record would be lower than a pixel beside the highest.
constexpr double kMostLinear = 60.0;

/// Heights of bars, and numbers on their axis.
struct CountAxis {
  bool is_logarithmic = false;
  std::uint64_t most = 1;

  explicit CountAxis(const ScoreCounts& counts) {
    for (const auto* bins : {&counts.virus, &counts.others}) {
      most = std::max(most, *std::ranges::max_element(*bins));
    }
    is_logarithmic = static_cast<double>(most) > kMostLinear;
  }

  /// 0 to 1; with logarithms, a single record has a height, too.
  double height(double count) const {
    const double all = static_cast<double>(most);
    if (!is_logarithmic) return count / (1.05 * all);
    return count < 0.5 ? 0.0 : std::log10(count / 0.5) / std::log10(1.3 * all / 0.5);
  }

  std::vector<double> ticks() const {
    if (is_logarithmic) {
      std::vector<double> powers;
      for (double power = 1.0; power <= static_cast<double>(most); power *= 10.0) {
        powers.push_back(power);
      }
      return powers;
    }
    std::vector<double> whole = round_ticks(0.0, static_cast<double>(most), 6);
    std::erase_if(whole, [](double tick) { return tick != std::floor(tick); });
    return whole;
  }
};

/// "500", "20k", "5M": no wider than the margin.
std::string short_count(double count) {
  if (count < 1e3) return fmt::format("{:.0f}", count);
  return count < 1e6 ? fmt::format("{:.6g}k", count / 1e3) : fmt::format("{:.6g}M", count / 1e6);
}

void draw_panel(Canvas& canvas, const ScoreCounts& counts, Point corner, double width) {
  const Font& font = canvas.font();
  const double side = width - kLeft - kRight;
  const Scale x = {0.0, 1.0, corner.x + kLeft, corner.x + kLeft + side};
  const Scale y = {0.0, 1.0, corner.y + kTop + kDataHeight, corner.y + kTop};
  const CountAxis axis(counts);
  for (const double tick : axis.ticks()) {
    const double at = y(axis.height(tick));
    canvas.line({x.from, at}, {x.to, at}, {kLightGrey, 0.5});
    canvas.text({x.from - 3.0, at + 2.2}, short_count(tick),
                {kSmallTextSize, Anchor::kEnd, kBlack, false});
  }
  const double bin = side / kScoreBins;
  const double bar = 0.42 * bin;
  for (std::size_t i = 0; i < kScoreBins; ++i) {
    const double left = x.from + bin * (static_cast<double>(i) + 0.08);
    const auto draw_bar = [&](std::uint64_t count, double at, Colour colour) {
      const double top = y(axis.height(static_cast<double>(count)));
      if (count > 0) canvas.fill({at, top, bar, y.from - top}, colour);
    };
    draw_bar(counts.others[i], left, kOthersColour);
    draw_bar(counts.virus[i], left + bar, kVirusColour);
  }
  canvas.line({x.from, y.from}, {x.from, y.to}, {kBlack, 0.5});
  draw_x_axis(canvas, x, y.from);
  canvas.text({(x.from + x.to) / 2.0, y.from + 20.0}, font.fitted(counts.name, kTextSize, side),
              {kTextSize, Anchor::kMiddle, kBlack, false});
  draw_y_name(canvas, corner.x + 4.0, y.to, y.from,
              axis.is_logarithmic ? "records (logarithmic)" : "records");
  const std::uint64_t virus =
      std::accumulate(counts.virus.begin(), counts.virus.end(), std::uint64_t{0});
  canvas.text({x.to, corner.y + kTop - 5.0},
              font.fitted(fmt::format("{} of {} records called virus", with_separators(virus),
                                      with_separators(counts.total())),
                          kSmallTextSize, side),
              {kSmallTextSize, Anchor::kEnd, kGrey, false});
}

}  // namespace

void ScoreCounts::add(double value, bool is_virus) {
  const double scaled = std::clamp(value, 0.0, 1.0) * kScoreBins;
  const std::size_t bin = std::min(static_cast<std::size_t>(scaled), kScoreBins - 1);
  ++(is_virus ? virus : others)[bin];
}

std::uint64_t ScoreCounts::total() const {
  return std::accumulate(others.begin(), others.end(),
                         std::accumulate(virus.begin(), virus.end(), std::uint64_t{0}));
}

Figure score_histogram(std::vector<ScoreCounts> panels, double width) {
  const auto owned = std::make_shared<const std::vector<ScoreCounts>>(std::move(panels));
  const auto fitting = static_cast<std::size_t>(width / kLeastPanelWidth);
  const std::size_t columns =
      std::clamp<std::size_t>(owned->size(), 1, std::max(fitting, std::size_t{1}));
  const std::size_t rows = (owned->size() + columns - 1) / columns;
  const double panel = width / static_cast<double>(columns);
  static const std::vector<LegendEntry> kLegend = {
      {LegendMark::kBox, kVirusColour, "called virus"},
      {LegendMark::kBox, kOthersColour, "called others"}};
  const double data = kPanelHeight * static_cast<double>(rows);
  const double legend = width - kLeft - kRight;
  const double height = data + legend_height(Font(), kLegend, legend) + kBottom;
  return {width, height, "Distribution of scores", [=](Canvas& canvas) {
            for (std::size_t i = 0; i < owned->size(); ++i) {
              const Point corner = {panel * static_cast<double>(i % columns),
                                    kPanelHeight * static_cast<double>(i / columns)};
              draw_panel(canvas, (*owned)[i], corner, panel);
            }
            draw_legend(canvas, {kLeft, data}, legend, kLegend);
          }};
}

}  // namespace virnucpro
