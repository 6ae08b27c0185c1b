// A canvas that keeps what is drawn on it, for tests of layouts.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "plot/figure.h"

namespace virnucpro::test {

/// A text and the box of its letters.
struct RecordedText {
  std::string text;
  Rectangle box;
  TextStyle style;
};

struct RecordedFill {
  Rectangle box;
  Colour colour;
};

class RecordedCanvas : public Canvas {
 public:
  explicit RecordedCanvas(const Figure& figure) { figure.draw(*this); }

  const Font& font() const override { return font_; }
  void line(Point from, Point to, const Stroke&) override {
    add({from, to});
    ++lines;
  }
  void polyline(std::span<const Point> points, const Stroke&) override {
    polylines.emplace_back(points.begin(), points.end());
    add(points);
  }
  void fill(const Rectangle& rectangle, Colour colour) override {
    fills.push_back({rectangle, colour});
    add({{rectangle.x, rectangle.y}, {rectangle.right(), rectangle.bottom()}});
  }
  void outline(const Rectangle& rectangle, const Stroke&) override {
    add({{rectangle.x, rectangle.y}, {rectangle.right(), rectangle.bottom()}});
  }
  void disc(Point centre, double radius, Colour) override {
    discs.push_back(centre);
    add({{centre.x - radius, centre.y - radius}, {centre.x + radius, centre.y + radius}});
  }
  void text(Point at, const std::string& text, const TextStyle& style) override {
    const double width = font_.width(font_.drawable(text), style.size);
    const double before = style.anchor == Anchor::kStart    ? 0.0
                          : style.anchor == Anchor::kMiddle ? width / 2.0
                                                            : width;
    // Letters of the font lie between these heights above and below their line.
    const double above = 0.76 * style.size;
    const double below = 0.22 * style.size;
    const Rectangle box =
        style.is_upwards ? Rectangle{at.x - above, at.y - (width - before), above + below, width}
                         : Rectangle{at.x - before, at.y - above, width, above + below};
    texts.push_back({text, box, style});
    add({{box.x, box.y}, {box.right(), box.bottom()}});
  }

  std::vector<RecordedText> texts;
  std::vector<RecordedFill> fills;
  std::vector<std::vector<Point>> polylines;
  std::vector<Point> discs;
  std::vector<Point> corners;  ///< of everything
  std::size_t lines = 0;

  std::size_t count_of(Colour colour) const {
    std::size_t count = 0;
    for (const RecordedFill& each : fills) count += each.colour == colour ? 1 : 0;
    return count;
  }
  bool has_text(const std::string& text) const {
    for (const RecordedText& each : texts) {
      if (each.text == text) return true;
    }
    return false;
  }

 private:
  void add(std::span<const Point> points) {
    corners.insert(corners.end(), points.begin(), points.end());
  }
  void add(std::initializer_list<Point> points) { add(std::span(points.begin(), points.size())); }

  Font font_;
};

inline bool overlap(const Rectangle& a, const Rectangle& b) {
  return a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom();
}

/// Nothing lies outside of the figure, and no text on another.
inline void expect_tidy(const Figure& figure, const std::string& what) {
  const RecordedCanvas canvas(figure);
  for (const Point& corner : canvas.corners) {
    ASSERT_TRUE(corner.x >= 0.0 && corner.x <= figure.width && corner.y >= 0.0 &&
                corner.y <= figure.height)
        << what << ": " << corner.x << ", " << corner.y << " of " << figure.width << ", "
        << figure.height;
  }
  for (std::size_t i = 0; i < canvas.texts.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      ASSERT_FALSE(overlap(canvas.texts[i].box, canvas.texts[k].box))
          << what << ": '" << canvas.texts[i].text << "' lies on '" << canvas.texts[k].text << "'";
    }
  }
}

/// The widths in points at which figures must be tidy: the least, a column, a page, the most.
inline std::vector<double> widths() {
  std::vector<double> points;
  for (const double millimetres : {kLeastWidth, 85.0, kPageWidth, kMostWidth}) {
    points.push_back(millimetres * kPointsPerMillimetre);
  }
  return points;
}

}  // namespace virnucpro::test
