// What figures are drawn on, whatever the format of the file.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "plot/font.h"
#include "plot/palette.h"

namespace virnucpro {

// Lengths are points, 1/72 inch; y grows downwards.
inline constexpr double kPointsPerMillimetre = 72.0 / 25.4;

struct Point {
  double x = 0.0;
  double y = 0.0;
};

struct Rectangle {
  double x = 0.0;  ///< of the upper left corner
  double y = 0.0;
  double width = 0.0;
  double height = 0.0;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
};

struct Stroke {
  Colour colour = kBlack;
  double width = 0.75;  // points: no journal wants thinner lines than 0.25
  bool is_dashed = false;
};

/// Where the point of a text lies on its line.
enum class Anchor : std::uint8_t { kStart, kMiddle, kEnd };

struct TextStyle {
  double size = 7.0;  // points: what journals ask for is 5 to 8
  Anchor anchor = Anchor::kStart;
  Colour colour = kBlack;
  bool is_upwards = false;  ///< turned by a quarter, to be read from below
};

/// Later shapes cover earlier ones. Thread-confined.
class Canvas {
 public:
  virtual ~Canvas() = default;

  /// That of every text.
  virtual const Font& font() const = 0;
  virtual void line(Point from, Point to, const Stroke& stroke) = 0;
  virtual void polyline(std::span<const Point> points, const Stroke& stroke) = 0;
  virtual void fill(const Rectangle& rectangle, Colour colour) = 0;
  virtual void outline(const Rectangle& rectangle, const Stroke& stroke) = 0;
  virtual void disc(Point centre, double radius, Colour colour) = 0;
  /// `text` may hold anything: what has no glyph is escaped (font.h). `at` lies on its base line.
  virtual void text(Point at, const std::string& text, const TextStyle& style) = 0;
};

}  // namespace virnucpro
