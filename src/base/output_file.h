// A file written in large pieces, every one of them checked.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
  friend class OutputGroup;

  // Large enough that system calls cost nothing beside formatting the rows.
  static constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

  void flush();
  void write_out(std::string_view bytes);

  PartialFile file_;
  std::string buffer_;
};

/// Files that get their names together. The disk takes their contents, and then their names, at
/// once: a program waits for it a few times, and not twice for each file. Thread-confined; throws
/// OutputError. The files must outlive it.
class OutputGroup {
 public:
  /// Writes what is left of the file; nothing may be written to it afterwards.
  void add(OutputFile& file);
  /// publish() removes an older file of this name.
  void add_withdrawn(OutputFile& file) { withdrawn_.push_back(&file); }

  /// Forces all contents to the disk.
  void sync();
  /// Gives the files their names, in the order of add(). Call sync() before.
  void publish();

 private:
  std::vector<OutputFile*> files_;
  std::size_t synced_ = 0;  ///< so many of them
  std::vector<OutputFile*> withdrawn_;
};

}  // namespace virnucpro
