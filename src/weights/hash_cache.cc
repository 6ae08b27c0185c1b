#include "weights/hash_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/format.h"
#include "base/sha256.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "virnucpro file hash 1";
/// Times of files are as coarse as 2 s (FAT); most are those of the kernel's tick, 4 ms.
constexpr std::int64_t kRecent = 2'000'000'000;
/// An entry has some 300 bytes.
constexpr std::size_t kLargestEntry = 1024;
constexpr std::size_t kHashDigits = 64;

std::string absolute(const std::string& path) {
  std::error_code error;
  const fs::path result = fs::absolute(path, error);
  return error ? path : result.string();
}

/// Everything in an entry before the hash.
std::string begin_of_entry(const std::string& path, const FileStamp& stamp) {
  return fmt::format("{}\npath {}\nfile {} {} {} {} {}\nsha256 ", kFormat, sha256_text(path),
                     stamp.device, stamp.inode, stamp.bytes, stamp.content_changed,
                     stamp.state_changed);
}

std::string entry_of(const std::string& begin, std::string_view sha256) {
  std::string entry = begin + std::string(sha256) + "\n";
  entry += "check " + sha256_text(entry) + "\n";
  return entry;
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

/// The text of a small regular file that belongs to the user and that nobody else can write to.
std::string read_own_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  struct stat status {};
  if (file.number < 0 || ::fstat(file.number, &status) != 0) return {};
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() ||
      (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return {};
  }
  std::array<char, kLargestEntry> text{};
  const ssize_t size = ::read(file.number, text.data(), text.size());
  return size < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
}

bool write_whole(int descriptor, std::string_view text) {
  return ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

std::string hash_cache_folder(const Environment& environment) {
  const auto absolute_path = [&](const char* name) {
    const std::string value = environment(name).value_or("");
    return value.starts_with('/') ? value : std::string();
  };
  if (const std::string cache = absolute_path("XDG_CACHE_HOME"); !cache.empty()) {
    return cache + "/virnucpro";
  }
  const std::string home = absolute_path("HOME");
  return home.empty() ? std::string() : home + "/.cache/virnucpro";
}

std::int64_t HashCache::system_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

HashCache::HashCache(std::string folder, Clock clock)
    : folder_(std::move(folder)), clock_(std::move(clock)) {}

bool HashCache::is_recent(const FileStamp& stamp) const {
  return std::max(stamp.content_changed, stamp.state_changed) > clock_() - kRecent;
}

std::optional<std::string> HashCache::find(const OpenFile& file) const {
  if (folder_.empty()) return std::nullopt;
  const std::string path = absolute(file.path());
  const std::string begin = begin_of_entry(path, file.stamp());
  const std::string entry = read_own_file(folder_ + "/" + sha256_text(path));
  if (!entry.starts_with(begin) || entry.size() < begin.size() + kHashDigits) return std::nullopt;
  const std::string sha256 = entry.substr(begin.size(), kHashDigits);
  if (entry != entry_of(begin, sha256)) return std::nullopt;
  return sha256;
}

void HashCache::remember(const OpenFile& file, const std::string& sha256) const {
  if (folder_.empty() || is_recent(file.stamp())) return;
  static std::atomic<std::uint64_t> written = 0;  // tells the temporary names of threads apart
  const std::string path = absolute(file.path());
  const std::string name = folder_ + "/" + sha256_text(path);
  const std::string partial = fmt::format("{}.{}-{}", name, ::getpid(), ++written);
  std::error_code ignored;
  fs::create_directories(fs::path(folder_).parent_path(), ignored);
  ::mkdir(folder_.c_str(), S_IRWXU);
  bool is_whole = false;
  {
    const Descriptor entry{
        ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)};
    if (entry.number < 0) return;
    is_whole = write_whole(entry.number, entry_of(begin_of_entry(path, file.stamp()), sha256));
  }
  if (!is_whole || ::rename(partial.c_str(), name.c_str()) != 0) ::unlink(partial.c_str());
}

}  // namespace virnucpro
