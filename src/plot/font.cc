#include "plot/font.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <cstddef>
#include <new>
#include <vector>

#include "base/check.h"
#include "base/escape.h"

extern "C" {
extern const unsigned char virnucpro_font_begin[];
extern const unsigned char virnucpro_font_end[];
}

namespace virnucpro {
namespace {

constexpr std::string_view kEllipsis = "\u2026";
/// More characters than any figure has room for; only so many of each end of a text are looked at.
constexpr std::size_t kMostCharacters = 500;

void require_ok(FT_Error error, const char* doing) {
  if (error == FT_Err_Out_Of_Memory) throw std::bad_alloc();
  check(error == FT_Err_Ok, "FreeType cannot {} the embedded font: error {}", doing, error);
}

std::shared_ptr<FT_FaceRec_> open_face() {
  FT_Library opened = nullptr;
  require_ok(FT_Init_FreeType(&opened), "prepare");
  const std::shared_ptr<FT_LibraryRec_> library(opened,
                                                [](FT_Library owned) { FT_Done_FreeType(owned); });
  FT_Face face = nullptr;
  require_ok(FT_New_Memory_Face(library.get(), virnucpro_font_begin,
                                static_cast<FT_Long>(virnucpro_font_end - virnucpro_font_begin),
                                /*face_index=*/0, &face),
             "open");
  // The library must outlive its faces.
  return {face, [library](FT_Face owned) { FT_Done_Face(owned); }};
}

/// Length of the character at `i` of a valid UTF-8 text.
std::size_t length_at(std::string_view text, std::size_t i) {
  const auto lead = static_cast<unsigned char>(text[i]);
  return lead < 0x80u ? 1 : lead < 0xe0u ? 2 : lead < 0xf0u ? 3 : 4;
}

char32_t character_at(std::string_view text, std::size_t i, std::size_t length) {
  const auto lead = static_cast<unsigned char>(text[i]);
  char32_t character = length == 1 ? lead : lead & (0x7fu >> length);
  for (std::size_t k = 1; k < length; ++k) {
    character = (character << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3fu);
  }
  return character;
}

/// Where each character of a valid UTF-8 text begins, and where the last one ends.
std::vector<std::size_t> boundaries(std::string_view text) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < text.size(); i += length_at(text, i)) starts.push_back(i);
  starts.push_back(text.size());
  return starts;
}

void append_bytes(std::string& text, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += "\\x";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
}

}  // namespace

Font::Font() : face_(open_face()) {}

double Font::width(std::string_view text, double size) const {
  double units = 0.0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = length_at(text, i);
    const FT_UInt glyph = FT_Get_Char_Index(face_.get(), character_at(text, i, length));
    require_ok(FT_Load_Glyph(face_.get(), glyph, FT_LOAD_NO_SCALE), "read");
    units += static_cast<double>(face_->glyph->metrics.horiAdvance);
    i += length;
  }
  return units * size / face_->units_per_EM;
}

bool Font::can_draw(char32_t character) const {
  if (character < 0x80) return true;  // escaped() leaves no control character
  // Letters that are read from left to right and stand alone, punctuation and symbols; no marks of
  // direction and no control characters, which the font may have as well.
  const bool is_letter = (character >= 0xa0 && character < 0x300 && character != 0xad) ||
                         (character >= 0x370 && character < 0x530) ||
                         (character >= 0x1e00 && character < 0x2000);
  const bool is_sign = (character >= 0x2010 && character < 0x2028) ||
                       (character >= 0x2030 && character < 0x205f) ||
                       (character >= 0x2070 && character < 0x2300);
  return (is_letter || is_sign) && FT_Get_Char_Index(face_.get(), character) != 0;
}

std::string Font::drawable(std::string_view text) const {
  const std::string valid = escaped(text);
  std::string result;
  for (std::size_t i = 0; i < valid.size();) {
    const std::size_t length = length_at(valid, i);
    const std::string_view bytes = std::string_view(valid).substr(i, length);
    if (can_draw(character_at(valid, i, length))) {
      result += bytes;
    } else {
      append_bytes(result, bytes);
    }
    i += length;
  }
  return result;
}

std::string Font::fitted(std::string_view text, double size, double room) const {
  const std::string whole = drawable(text);
  const std::vector<std::size_t> starts = boundaries(whole);
  const std::size_t count = starts.size() - 1;
  const auto shortened = [&](std::size_t kept) {
    const std::size_t head = (kept + 1) / 2;
    const std::size_t tail = kept - head;
    return whole.substr(0, starts[head]) + std::string(kEllipsis) +
           whole.substr(starts[count - tail]);
  };
  if (count <= kMostCharacters && width(whole, size) <= room) return whole;
  // The most characters that fit; with each more it gets wider.
  std::size_t low = 0;
  std::size_t high = std::min(count, kMostCharacters);
  while (low + 1 < high) {
    const std::size_t middle = (low + high) / 2;
    (width(shortened(middle), size) <= room ? low : high) = middle;
  }
  return shortened(low);
}

}  // namespace virnucpro
