// The files that weights were read from, and the hash of their content, which identifies them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/open_file.h"

namespace virnucpro {

/// One file of a model.
struct UsedFile {
  std::string name;                      ///< without its folder
  std::shared_ptr<const OpenFile> file;  ///< null: read as a whole, or in memory
  /// 64 hexadecimal digits, computed from what was read or taken from the card of a bundle; empty:
  /// not computed yet.
  std::string sha256;
  /// `sha256` is what the content should have; it has not been checked.
  bool is_claimed = false;
};

/// The entry for a file whose whole text was read.
UsedFile used_text(std::string name, const std::string& text);

/// The SHA-256 of one file. For several, that of lines "<sha256> <name>", by name in byte order,
/// which `sha256sum config.json model.safetensors | sha256sum` prints. All must be computed.
std::string identity_of(std::span<const UsedFile> files);

/// Throws the ModelError for a part of the bundle `origin` that is not what its card says.
[[noreturn]] void fail_other_content(const std::string& origin, const std::string& name,
                                     const std::string& found, const std::string& claimed);

/// Throws ModelError when one of the files was written to since it was opened.
void require_unchanged(std::span<const UsedFile> files);

}  // namespace virnucpro
