// A figure, and the file that it becomes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "plot/canvas.h"

namespace virnucpro {

enum class FigureFormat : std::uint8_t { kSvg, kPng, kPdf };
/// By the end of a file's name: .svg, .png or .pdf; absent for any other.
std::optional<FigureFormat> figure_format_of(std::string_view path);

// Widths in millimetres. A page of a journal has 170 to 190, a column 80 to 90.
inline constexpr double kPageWidth = 180.0;
inline constexpr double kSquareWidth = 100.0;  // of the charts over the unit square
inline constexpr double kLeastWidth = 60.0;
inline constexpr double kMostWidth = 400.0;

/// The resolution that journals ask for.
inline constexpr double kPngDotsPerInch = 300.0;

struct Figure {
  double width = 0.0;  ///< points
  double height = 0.0;
  std::string title;  ///< of the document
  std::function<void(Canvas& canvas)> draw;
};

/// The bytes of the file; the same figure gives the same bytes. Throws std::bad_alloc.
std::string rendered(const Figure& figure, FigureFormat format);

}  // namespace virnucpro
