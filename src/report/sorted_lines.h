// Sorts lines by their bytes in bounded memory: sorted runs on the disk, merged at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

/// Thread-confined. The runs lie in a nameless file in `folder`, so that nothing stays behind
/// however the program ends. Throws OutputError when that cannot be written or read.
class SortedLines {
 public:
  // 10 million chunk ids make some 150 runs, read in pieces of 27 KB. A larger value would show:
  // the memory of a run grows by this much with its input.
  static constexpr std::size_t kDefaultMemory = std::size_t{4} << 20;

  explicit SortedLines(std::string folder, std::size_t memory_bytes = kDefaultMemory);
  ~SortedLines();
  SortedLines(const SortedLines&) = delete;
  SortedLines& operator=(const SortedLines&) = delete;

  /// `line` must hold no line end.
  void add(std::string_view line);

  /// Calls `take` for every line in byte order, once; nothing may be added afterwards.
  void for_each(const std::function<void(std::string_view)>& take);

  std::size_t runs_on_disk() const { return runs_.size(); }

 private:
  struct Extent {
    std::uint64_t begin;
    std::uint64_t end;
  };
  struct Line {
    std::size_t begin;
    std::size_t size;
  };
  class RunReader;

  void sort_buffer();
  void spill();
  std::string_view text_of(const Line& line) const {
    return std::string_view(buffer_).substr(line.begin, line.size);
  }

  std::string folder_;
  std::size_t memory_bytes_;
  std::string buffer_;
  std::vector<Line> lines_;
  std::vector<Extent> runs_;
  std::uint64_t file_size_ = 0;
  int descriptor_ = -1;
};

}  // namespace virnucpro
