#include "base/output_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/errors.h"
#include "base/worker_group.h"

namespace virnucpro {
namespace {

/// The disk serves those who wait at the same time by one flush: 15 small files took 50 to 70 ms
/// one after the other, and 2 to 9 by four threads (ext4 on a virtual disk); more were no faster.
constexpr std::size_t kSyncThreads = 4;

}  // namespace

void OutputFile::write(std::string_view text) {
  if (text.size() >= kBufferBytes) {  // a large piece needs no copy of its own
    flush();
    write_out(text);
    return;
  }
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void OutputFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void OutputFile::flush() {
  write_out(buffer_);
  buffer_.clear();
}

void OutputFile::write_out(std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t written = ::write(file_.descriptor(), rest.data(), rest.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      const int error = errno;
      buffer_.clear();
      fail_output(path(), "write", error);
    }
    // After a short write, the next one says why.
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void OutputFile::finish() {
  flush();
  file_.sync();
}

void OutputGroup::add(OutputFile& file) {
  file.flush();
  files_.push_back(&file);
}

void OutputGroup::sync() {
  const std::span<OutputFile* const> files = std::span(files_).subspan(synced_);
  const auto sync_file = [&](std::size_t i, std::size_t) { files[i]->file_.sync(); };
  std::optional<WorkerGroup> group;
  try {
    group.emplace(std::clamp<std::size_t>(files.size(), 1, kSyncThreads));
  } catch (const ResourceError&) {
    group.emplace(1);  // which starts no thread
  }
  group->run(files.size(), sync_file);
  synced_ = files_.size();
}

void OutputGroup::publish() {
  check(synced_ == files_.size(), "{} of {} files are on the disk", synced_, files_.size());
  for (OutputFile* file : withdrawn_) file->withdraw();
  std::set<std::string> folders;  // a link may lead to another one
  for (OutputFile* file : files_) {
    file->file_.give_name();
    folders.insert(file->file_.folder());
  }
  for (const std::string& folder : folders) sync_folder(folder);
}

}  // namespace virnucpro
