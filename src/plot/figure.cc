#include "plot/figure.h"

#include <array>
#include <utility>

#include "plot/cairo_canvas.h"
#include "plot/svg_canvas.h"

namespace virnucpro {

std::optional<FigureFormat> figure_format_of(std::string_view path) {
  static constexpr std::array<std::pair<std::string_view, FigureFormat>, 3> kEnds = {
      {{".svg", FigureFormat::kSvg}, {".png", FigureFormat::kPng}, {".pdf", FigureFormat::kPdf}}};
  for (const auto& [end, format] : kEnds) {
    if (path.size() > end.size() && path.ends_with(end)) return format;
  }
  return std::nullopt;
}

std::string rendered(const Figure& figure, FigureFormat format) {
  if (format == FigureFormat::kSvg) {
    SvgCanvas canvas(figure.width, figure.height, figure.title);
    figure.draw(canvas);
    return canvas.finish();
  }
  const auto canvas = format == FigureFormat::kPdf
                          ? CairoCanvas::pdf(figure.width, figure.height, figure.title)
                          : CairoCanvas::png(figure.width, figure.height, kPngDotsPerInch);
  figure.draw(*canvas);
  return canvas->finish();
}

}  // namespace virnucpro
