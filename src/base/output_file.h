// A file written in large pieces, every one of them checked.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/partial_file.h"

namespace virnucpro {

/// Buffers, writes and finally publishes one PartialFile. Thread-confined. Every function may throw
/// OutputError (full disk); the file then never gets its final name.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path) : file_(path) {}

  const std::string& path() const { return file_.path(); }

  void write(std::string_view text);
  void write(std::span<const std::byte> bytes);

  /// The buffer to append a row to; call row_done() afterwards.
  std::string& row() { return buffer_; }
  void row_done() {
    if (buffer_.size() >= kBufferBytes) flush();
  }

  /// Writes what is left and forces it to the disk. Nothing may be written afterwards.
  void finish();
  /// Gives the file its name. Call finish() before.
  void publish() { file_.publish(); }
  /// finish(), then publish().
  void commit() {
    finish();
    publish();
  }
  /// Removes an older file of the final name, if there is one.
  void withdraw() { file_.withdraw(); }

 private:
  // Large enough that system calls cost nothing beside formatting the rows.
  static constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

  void flush();
  void write_out(std::string_view bytes);

  PartialFile file_;
  std::string buffer_;
};

}  // namespace virnucpro
