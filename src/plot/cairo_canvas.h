// A canvas that draws through cairo, for PNG and PDF.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "plot/canvas.h"

namespace virnucpro {

/// PDF has the used glyphs of the font in the file. The same figure gives the same bytes with the
/// same cairo. Throws std::bad_alloc; ContractError for an image that is larger than cairo can
/// draw.
class CairoCanvas : public Canvas {
 public:
  /// In points.
  static std::unique_ptr<CairoCanvas> pdf(double width, double height, const std::string& title);
  static std::unique_ptr<CairoCanvas> png(double width, double height, double dots_per_inch);
  ~CairoCanvas() override;

  const Font& font() const override;
  void line(Point from, Point to, const Stroke& stroke) override;
  void polyline(std::span<const Point> points, const Stroke& stroke) override;
  void fill(const Rectangle& rectangle, Colour colour) override;
  void outline(const Rectangle& rectangle, const Stroke& stroke) override;
  void disc(Point centre, double radius, Colour colour) override;
  void text(Point at, const std::string& text, const TextStyle& style) override;

  /// The whole file; nothing may be drawn afterwards.
  std::string finish();

 private:
  struct Impl;
  explicit CairoCanvas(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace virnucpro
