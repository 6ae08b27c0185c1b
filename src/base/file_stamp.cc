#include "base/file_stamp.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace virnucpro {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * kNanosecondsPerSecond + time.tv_nsec;
}

/// Seconds and nanoseconds; the nanoseconds count forwards even before 1970.
std::string decimal(std::int64_t time) {
  std::int64_t rest = time % kNanosecondsPerSecond;
  if (rest < 0) rest += kNanosecondsPerSecond;
  return fmt::format("{}.{:09}", (time - rest) / kNanosecondsPerSecond, rest);
}

std::optional<FileStamp> stamp_of(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return FileStamp{.device = static_cast<std::uint64_t>(status.st_dev),
                   .inode = static_cast<std::uint64_t>(status.st_ino),
                   .bytes = static_cast<std::uint64_t>(status.st_size),
                   .content_changed = nanoseconds(status.st_mtim),
                   .state_changed = nanoseconds(status.st_ctim)};
}

}  // namespace

std::string to_string(const FileStamp& stamp) {
  return fmt::format("{} {} {} {} {}", stamp.device, stamp.inode, stamp.bytes,
                     decimal(stamp.content_changed), decimal(stamp.state_changed));
}

std::optional<FileStamp> stamp_of(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return std::nullopt;
  return stamp_of(status);
}

std::optional<FileStamp> stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return stamp_of(status);
}

bool have_same_content(const std::optional<FileStamp>& a, const std::optional<FileStamp>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->has_same_content(*b);
}

}  // namespace virnucpro
