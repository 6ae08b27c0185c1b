#include "weights/used_file.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/sha256.h"
#include "weights/display_name.h"

namespace virnucpro {
UsedFile used_text(std::string name, const std::string& text) {
  return {std::move(name), nullptr, sha256_text(text), false};
}

std::string identity_of(std::span<const UsedFile> files) {
  check(!files.empty(), "a model without files");
  if (files.size() == 1) return files.front().sha256;
  std::vector<std::string> lines;
  for (const UsedFile& file : files) {
    check(!file.sha256.empty(), "file {} without a hash", file.name);
    lines.push_back(fmt::format("{}  {}\n", file.sha256, file.name));
  }
  // All hashes are of one length, so this is the order of names.
  std::ranges::sort(lines, {}, [](const std::string& line) { return line.substr(66); });
  return sha256_text(fmt::format("{}", fmt::join(lines, "")));
}

void fail_other_content(const std::string& origin, const std::string& name,
                        const std::string& found, const std::string& claimed) {
  throw ModelError(fmt::format(
      "{}: part {} has the SHA-256 {}, bundle.json says {}; the file was changed or damaged, copy "
      "or import the bundle again",
      origin, display_name(name), found, claimed));
}

void require_unchanged(std::span<const UsedFile> files) {
  for (const UsedFile& used : files) {
    if (used.file == nullptr || used.file->stamp_now() == used.file->stamp()) continue;
    throw ModelError(fmt::format(
        "{}: the file was changed while the program worked with it. Nothing that was computed "
        "since is kept. Put the first file back, or start over with --force.",
        used.file->path()));
  }
}

}  // namespace virnucpro
