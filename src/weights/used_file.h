// The files that weights were read from, and what identifies them: their content.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/open_file.h"

namespace virnucpro {

/// One file of a model.
struct UsedFile {
  std::string name;                      ///< in its folder
  std::shared_ptr<const OpenFile> file;  ///< null: it was read as a whole, or is in memory
  /// 64 hexadecimal digits: of what was read as a whole, or as the card of a bundle has it; empty:
  /// not computed yet.
  std::string sha256;
  /// `sha256` is what the content must have, and has not been compared with it.
  bool is_claimed = false;
};

/// A file whose text was read.
UsedFile used_text(std::string name, const std::string& text);

/// Of one file its SHA-256. Of several that of one line for each, "<sha256>  <name>", by name in
/// byte order: what `sha256sum config.json model.safetensors | sha256sum` prints. All are computed.
std::string identity_of(std::span<const UsedFile> files);

/// Throws the ModelError of a part of the bundle `origin` that is not what its card says.
[[noreturn]] void fail_other_content(const std::string& origin, const std::string& name,
                                     const std::string& found, const std::string& claimed);

/// Throws ModelError when one of them was written to since it was opened.
void require_unchanged(std::span<const UsedFile> files);

}  // namespace virnucpro
