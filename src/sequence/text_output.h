// A text file in the making: plain, or bgzip by its name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/partial_file.h"
#include "sequence/hts_handles.h"

namespace virnucpro {

/// True for names that end in .gz or .bgz, which get bgzip: gzip for every reader, and cut into
/// blocks, which threads compress side by side.
bool is_compressed_name(const std::string& path);

/// Buffers, writes and finally publishes one PartialFile. Thread-confined; `threads` compress
/// beside it. Every function may throw OutputError; the file then never gets its name.
class TextOutput {
 public:
  TextOutput(const std::string& path, std::size_t threads);
  ~TextOutput();
  TextOutput(const TextOutput&) = delete;
  TextOutput& operator=(const TextOutput&) = delete;

  /// The buffer to append a row to; call row_done() afterwards.
  std::string& row() { return buffer_; }
  void row_done() {
    if (buffer_.size() >= kBufferBytes) flush();
  }

  /// Writes what is left and forces it to the disk. Nothing may be written afterwards.
  void finish();
  void publish() { file_.publish(); }

 private:
  static constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

  void flush();

  PartialFile file_;
  BGZF* compressed_ = nullptr;  // closed by finish(), whose result counts
  std::string buffer_;
};

}  // namespace virnucpro
