#include "download/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "base/partial_file.h"

namespace virnucpro {
namespace {

/// A process that is killed loses at most so much time.
constexpr double kSecondsBetweenNotes = 3.0;

[[noreturn]] void fail(const std::string& path, const char* what, int error) {
  const bool is_full = error == ENOSPC || error == EDQUOT;
  throw OutputError(fmt::format(
      "{}: cannot {}: {} (error {}). {} What has come so far is kept.", path, what,
      std::generic_category().message(error), error,
      is_full ? "Free some space, or choose another place with --to, and run the command again."
              : "Check the disk, or choose another place with --to."));
}

}  // namespace

std::string state_path_of(const std::string& part_path) { return part_path + ".state"; }

PartFile::PartFile(std::string path, const std::string& identity) : path_(std::move(path)) {
  file_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (file_.get() < 0) fail(path_, "create", errno);
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    throw OutputError(fmt::format(
        "{}: another process is fetching this file. Wait for it, or choose another place with "
        "--to.",
        path_));
  }
  std::optional<DownloadState> state = read_download_state(state_path_of(path_));
  struct stat status = {};
  const bool is_whole = state && ::fstat(file_.get(), &status) == 0 &&
                        static_cast<std::uint64_t>(status.st_size) == state->size;
  if (is_whole && !identity.empty() && state->identity == identity) {
    state_ = std::move(*state);
    has_old_bytes_ = !state_.done.empty();
  } else {
    state_.identity = identity;
    restart();
  }
}

PartFile::~PartFile() {
  if (is_gone_) return;
  if (state_.done.empty()) {
    remove();
    return;
  }
  try {
    save();
  } catch (const OutputError&) {  // the older note stays, and is still true
  }
}

void PartFile::begin(const std::string& identity, std::uint64_t size) {
  state_.identity = identity;
  state_.size = size;
  if (size == 0) return;
  // Room that is missing is found now, not after gigabytes. Not all file systems can.
  if (::fallocate(file_.get(), 0, 0, static_cast<off_t>(size)) != 0 &&
      (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
    fail(path_, fmt::format("reserve {} bytes", size).c_str(), errno);
  }
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) fail(path_, "resize", errno);
}

void PartFile::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      fail(path_, "write", errno);
    }
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void PartFile::add_done(ByteRange range) {
  state_.done.add(range);
  if (since_save_.seconds() >= kSecondsBetweenNotes) save();
}

void PartFile::save() {
  if (state_.identity.empty()) return;
  // The bytes first: a note of bytes that a power cut took would be a lie.
  if (::fdatasync(file_.get()) != 0 && errno != EINVAL) fail(path_, "write to the disk", errno);
  write_download_state(state_path_of(path_), state_);
  since_save_.lap();
}

void PartFile::restart() {
  state_.done.clear();
  has_old_bytes_ = false;
  ::unlink(state_path_of(path_).c_str());
  if (::ftruncate(file_.get(), 0) != 0) fail(path_, "empty", errno);
}

void PartFile::publish(const std::string& final_path) {
  if (::fsync(file_.get()) != 0 && errno != EINVAL) fail(path_, "write to the disk", errno);
  if (::rename(path_.c_str(), final_path.c_str()) != 0) fail(final_path, "rename", errno);
  is_gone_ = true;
  ::unlink(state_path_of(path_).c_str());
  const std::size_t slash = final_path.rfind('/');
  sync_folder(slash == std::string::npos ? "." : final_path.substr(0, slash + 1));
}

void PartFile::remove() {
  is_gone_ = true;
  ::unlink(state_path_of(path_).c_str());
  ::unlink(path_.c_str());
}

}  // namespace virnucpro
