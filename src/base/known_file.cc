#include "base/known_file.h"

#include <fmt/format.h>

#include <cstddef>
#include <span>

#include "base/errors.h"
#include "base/read_input.h"
#include "base/sha256.h"
#include "base/stop.h"

namespace virnucpro {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;  // system calls cost nothing

FileContent read_content(const Descriptor& file, const std::string& path,
                         const std::stop_token& stop) {
  FileContent content;
  Sha256 hash;
  std::vector<std::byte> buffer(kPieceBytes);
  while (const std::size_t got =
             read_some(file, buffer, path, [&stop] { throw_if_stopped(stop); })) {
    hash.update(std::span(buffer).first(got));
    content.bytes += got;
  }
  content.sha256 = hash.finish();
  return content;
}

}  // namespace

std::optional<KnownFile> read_known_file(const std::string& path, const std::stop_token& stop) {
  // A named pipe must not even be opened: its writer would see the reader go.
  if (path == kStandardInput || !stamp_of(path)) return std::nullopt;
  const Descriptor file = open_to_read(path, path);
  const std::optional<FileStamp> stamp = stamp_of(file.get());
  if (!stamp) return std::nullopt;
  return KnownFile{read_content(file, path, stop), *stamp};
}

std::vector<std::optional<KnownFile>> read_known_files(const std::vector<std::string>& paths,
                                                       const std::stop_token& stop) {
  std::vector<std::optional<KnownFile>> files;
  files.reserve(paths.size());
  for (const std::string& path : paths) files.push_back(read_known_file(path, stop));
  return files;
}

void require_unchanged(const std::string& path, const KnownFile& known,
                       const std::stop_token& stop) {
  const std::optional<FileStamp> stamp = stamp_of(path);
  if (have_same_content(stamp, known.stamp)) return;
  if (!stamp) throw_changed(path, "is gone");
  if (!stamp->is_same_file(known.stamp)) throw_changed(path, "was replaced by another file");
  const std::optional<KnownFile> now = read_known_file(path, stop);
  require_same_content(path, known.content, now ? now->content : FileContent{});
}

void require_same_content(const std::string& name, const FileContent& before,
                          const FileContent& read) {
  if (before == read) return;
  throw_changed(name, fmt::format("had {} bytes with the SHA-256 {} before the work began, and {} "
                                  "bytes with {} when it was read",
                                  before.bytes, before.sha256, read.bytes, read.sha256));
}

void throw_changed(const std::string& name, const std::string& problem) {
  throw ChangedInput(fmt::format(
      "{}: changed while the program worked on it: it {}. Nothing of it is kept. Put the first "
      "file back, or wait until the new one is written to its end; then run the same command "
      "again.",
      name, problem));
}

}  // namespace virnucpro
