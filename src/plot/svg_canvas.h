// A canvas that writes SVG, in which texts stay texts.
#pragma once

#include <span>
#include <string>

#include "plot/canvas.h"

namespace virnucpro {

/// Cairo's own SVG turns each letter into an outline; here texts can be searched, copied and
/// edited. Each is as wide as it is in Liberation Sans, whatever font a viewer takes: nothing
/// overlaps.
class SvgCanvas : public Canvas {
 public:
  /// In points. `title` names the document to readers of the screen.
  SvgCanvas(double width, double height, const std::string& title);

  const Font& font() const override { return font_; }
  void line(Point from, Point to, const Stroke& stroke) override;
  void polyline(std::span<const Point> points, const Stroke& stroke) override;
  void fill(const Rectangle& rectangle, Colour colour) override;
  void outline(const Rectangle& rectangle, const Stroke& stroke) override;
  void disc(Point centre, double radius, Colour colour) override;
  void text(Point at, const std::string& text, const TextStyle& style) override;

  /// The whole document; nothing may be drawn afterwards.
  std::string finish();

 private:
  Font font_;
  std::string svg_;
};

}  // namespace virnucpro
