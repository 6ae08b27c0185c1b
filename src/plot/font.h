// The one font of all figures, Liberation Sans, which is compiled into the program.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct FT_FaceRec_;

namespace virnucpro {

/// As SVG names it, with fonts of the same widths for viewers that do not have it.
inline constexpr std::string_view kFontFamilies = "Liberation Sans, Arial, Helvetica, sans-serif";

/// Widths and glyphs. Thread-confined; copies share one face.
class Font {
 public:
  /// Throws std::bad_alloc.
  Font();

  /// In points, at a size in points. `text` as drawable() gives it.
  double width(std::string_view text, double size) const;
  /// `text` on one line, in UTF-8 that XML may hold: control characters, bytes that are not UTF-8,
  /// marks of direction, and characters without a glyph become \xHH for each of their bytes.
  std::string drawable(std::string_view text) const;
  /// drawable(), with its middle replaced by an ellipsis where it is wider than `room`: names
  /// differ at their ends.
  std::string fitted(std::string_view text, double size, double room) const;

  /// For the canvas of PNG and PDF.
  const std::shared_ptr<FT_FaceRec_>& face() const { return face_; }

 private:
  bool can_draw(char32_t character) const;

  std::shared_ptr<FT_FaceRec_> face_;
};

}  // namespace virnucpro
