#include "cli/terminal/input_meter.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <system_error>

#include "base/number_text.h"

namespace virnucpro::cli {

InputMeter::InputMeter(const std::vector<std::string>& paths) {
  std::uint64_t sum = 0;
  for (const std::string& path : paths) {
    struct stat status = {};
    if (path == "-" || ::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
      files_.clear();
      return;
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    files_.push_back({status.st_dev, status.st_ino, sum, size});
    sum += size;
  }
  total_ = sum;
}

std::uint64_t InputMeter::read() {
  if (!total_) return 0;
  std::error_code error;
  // One entry per open descriptor; systems without this folder get no estimate.
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto number = parse_whole(name, {.high = std::numeric_limits<int>::max()});
    const int descriptor = number ? static_cast<int>(*number) : -1;
    struct stat status = {};
    if (descriptor < 0 || ::fstat(descriptor, &status) != 0) continue;
    // Only from the current input on, because a file may be named twice.
    for (std::size_t i = current_; i < files_.size(); ++i) {
      const File& file = files_[i];
      if (file.device != status.st_dev || file.inode != status.st_ino) continue;
      const off_t position = ::lseek(descriptor, 0, SEEK_CUR);
      if (position < 0) break;
      current_ = i;
      read_ =
          std::max(read_, file.before + std::min(static_cast<std::uint64_t>(position), file.size));
      break;
    }
  }
  return read_;
}

}  // namespace virnucpro::cli
