#include "plot/svg_canvas.h"

#include <string_view>
#include <utility>

#include "base/format.h"

namespace virnucpro {
namespace {

/// Text of an XML element; `drawable` has no character that XML forbids.
std::string xml(const std::string& drawable) {
  std::string result;
  for (const char c : drawable) {
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

std::string named(Colour colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
}

std::string attributes(const Stroke& stroke) {
  return fmt::format("fill=\"none\" stroke=\"{}\" stroke-width=\"{:.2f}\"{}", named(stroke.colour),
                     stroke.width, stroke.is_dashed ? " stroke-dasharray=\"3 2\"" : "");
}

std::string place(const Rectangle& rectangle) {
  return fmt::format("<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\"",
                     rectangle.x, rectangle.y, rectangle.width, rectangle.height);
}

std::string_view name_of(Anchor anchor) {
  switch (anchor) {
    case Anchor::kStart:
      return "start";
    case Anchor::kMiddle:
      return "middle";
    case Anchor::kEnd:
      return "end";
  }
  return "";
}

}  // namespace

SvgCanvas::SvgCanvas(double width, double height, const std::string& title) {
  svg_ = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{:.2f}mm\" "
      "height=\"{:.2f}mm\" viewBox=\"0 0 {:.2f} {:.2f}\" font-family=\"{}\">\n"
      "<title>{}</title>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      width / kPointsPerMillimetre, height / kPointsPerMillimetre, width, height, kFontFamilies,
      xml(font_.drawable(title)));
}

void SvgCanvas::line(Point from, Point to, const Stroke& stroke) {
  svg_ += fmt::format("<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" {}/>\n",
                      from.x, from.y, to.x, to.y, attributes(stroke));
}

void SvgCanvas::polyline(std::span<const Point> points, const Stroke& stroke) {
  svg_ += "<polyline points=\"";
  for (const Point& point : points) {
    svg_ += fmt::format("{}{:.2f},{:.2f}", &point == points.data() ? "" : " ", point.x, point.y);
  }
  svg_ += fmt::format("\" stroke-linejoin=\"round\" {}/>\n", attributes(stroke));
}

void SvgCanvas::fill(const Rectangle& rectangle, Colour colour) {
  svg_ += fmt::format("{} fill=\"{}\"/>\n", place(rectangle), named(colour));
}

void SvgCanvas::outline(const Rectangle& rectangle, const Stroke& stroke) {
  svg_ += fmt::format("{} {}/>\n", place(rectangle), attributes(stroke));
}

void SvgCanvas::disc(Point centre, double radius, Colour colour) {
  svg_ += fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{:.2f}\" fill=\"{}\"/>\n", centre.x,
                      centre.y, radius, named(colour));
}

void SvgCanvas::text(Point at, const std::string& text, const TextStyle& style) {
  const std::string drawable = font_.drawable(text);
  if (drawable.empty()) return;
  const std::string turn =
      style.is_upwards ? fmt::format(" transform=\"rotate(-90 {:.2f} {:.2f})\"", at.x, at.y) : "";
  // White space that XML would fold has a width, too.
  svg_ += fmt::format(
      "<text x=\"{:.2f}\" y=\"{:.2f}\" font-size=\"{:.2f}\" text-anchor=\"{}\" fill=\"{}\" "
      "textLength=\"{:.2f}\" lengthAdjust=\"spacingAndGlyphs\" "
      "xml:space=\"preserve\"{}>{}</text>\n",
      at.x, at.y, style.size, name_of(style.anchor), named(style.colour),
      font_.width(drawable, style.size), turn, xml(drawable));
}

std::string SvgCanvas::finish() {
  svg_ += "</svg>\n";
  return std::move(svg_);
}

}  // namespace virnucpro
