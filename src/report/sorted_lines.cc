#include "report/sorted_lines.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <queue>

#include "base/check.h"
#include "base/partial_file.h"

namespace virnucpro {
namespace {

constexpr std::size_t kLeastReadBytes = std::size_t{1} << 12;  // of each run while merging
constexpr std::size_t kWriteBytes = std::size_t{1} << 18;      // one system call while spilling

}  // namespace

/// Hands out the lines of one run in order.
class SortedLines::RunReader {
 public:
  RunReader(int descriptor, const std::string& folder, Extent run, std::size_t read_bytes)
      : descriptor_(descriptor), folder_(&folder), run_(run), read_bytes_(read_bytes) {}

  /// False at the end of the run.
  bool next() {
    for (;;) {
      const std::size_t end = buffer_.find('\n', position_);
      if (end != std::string::npos) {
        line_ = std::string_view(buffer_).substr(position_, end - position_);
        position_ = end + 1;
        return true;
      }
      buffer_.erase(0, position_);
      position_ = 0;
      if (!read_more()) {
        check(buffer_.empty(), "a run of sorted lines ends inside a line");
        return false;
      }
    }
  }

  std::string_view line() const { return line_; }

 private:
  bool read_more() {
    if (run_.begin == run_.end) return false;
    const std::size_t old_size = buffer_.size();
    const std::size_t wanted = std::min<std::uint64_t>(read_bytes_, run_.end - run_.begin);
    buffer_.resize(old_size + wanted);
    ssize_t count = 0;
    do {
      count =
          ::pread(descriptor_, buffer_.data() + old_size, wanted, static_cast<off_t>(run_.begin));
    } while (count < 0 && errno == EINTR);
    if (count <= 0) fail_output(*folder_, "read back a temporary file", count < 0 ? errno : EIO);
    buffer_.resize(old_size + static_cast<std::size_t>(count));
    run_.begin += static_cast<std::uint64_t>(count);
    return true;
  }

  int descriptor_;
  const std::string* folder_;
  Extent run_;
  std::size_t read_bytes_;
  std::string buffer_;
  std::size_t position_ = 0;
  std::string_view line_;
};

SortedLines::SortedLines(std::string folder, std::size_t memory_bytes)
    : folder_(std::move(folder)), memory_bytes_(memory_bytes) {}

SortedLines::~SortedLines() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void SortedLines::add(std::string_view line) {
  check(line.find('\n') == std::string_view::npos, "a line end inside a line to be sorted");
  lines_.push_back({buffer_.size(), line.size()});
  buffer_ += line;
  if (buffer_.size() + lines_.size() * sizeof(Line) >= memory_bytes_) spill();
}

void SortedLines::sort_buffer() {
  const auto comes_before = [&](const Line& a, const Line& b) { return text_of(a) < text_of(b); };
  // Reads are often named in the order in which they come.
  if (std::is_sorted(lines_.begin(), lines_.end(), comes_before)) return;
  std::sort(lines_.begin(), lines_.end(), comes_before);
}

void SortedLines::spill() {
  if (descriptor_ < 0) descriptor_ = open_nameless_file(folder_);
  sort_buffer();
  const std::uint64_t begin = file_size_;
  std::string piece;
  const auto write_piece = [&] {
    std::string_view rest = piece;
    while (!rest.empty()) {
      const ssize_t count =
          ::pwrite(descriptor_, rest.data(), rest.size(), static_cast<off_t>(file_size_));
      if (count < 0) {
        if (errno == EINTR) continue;
        fail_output(folder_, "write a temporary file", errno);
      }
      rest.remove_prefix(static_cast<std::size_t>(count));
      file_size_ += static_cast<std::uint64_t>(count);
    }
    piece.clear();
  };
  for (const Line& line : lines_) {
    piece += text_of(line);
    piece += '\n';
    if (piece.size() >= kWriteBytes) write_piece();
  }
  write_piece();
  runs_.push_back({begin, file_size_});
  lines_.clear();
  buffer_.clear();
}

void SortedLines::for_each(const std::function<void(std::string_view)>& take) {
  if (runs_.empty()) {
    sort_buffer();
    for (const Line& line : lines_) take(text_of(line));
    return;
  }
  if (!lines_.empty()) spill();
  // The readers take the place of the buffers; only swapping gives their memory back.
  std::string().swap(buffer_);
  std::vector<Line>().swap(lines_);
  std::vector<RunReader> readers;
  readers.reserve(runs_.size());
  const std::size_t read_bytes = std::max(kLeastReadBytes, memory_bytes_ / runs_.size());
  for (const Extent& run : runs_) readers.emplace_back(descriptor_, folder_, run, read_bytes);
  const auto later = [&](std::size_t a, std::size_t b) {
    return readers[a].line() > readers[b].line();
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> first(later);
  for (std::size_t i = 0; i < readers.size(); ++i) {
    if (readers[i].next()) first.push(i);
  }
  while (!first.empty()) {
    const std::size_t i = first.top();
    first.pop();
    take(readers[i].line());
    if (readers[i].next()) first.push(i);
  }
}

}  // namespace virnucpro
