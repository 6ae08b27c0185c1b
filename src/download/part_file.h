// The file that is being fetched, and the note beside it of which bytes are there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/descriptor.h"
#include "base/stopwatch.h"
#include "download/download_state.h"

namespace virnucpro {

/// Owns `<path>.part` open and locked against other processes, and `<path>.part.state`. Kept when
/// it is destroyed, so that the next process goes on. Every function may throw OutputError naming
/// the file and the system's reason. Thread-confined.
class PartFile {
 public:
  /// Opens both or makes them. What is there is forgotten unless it is of this identity; an empty
  /// identity forgets everything.
  PartFile(std::string path, const std::string& identity);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  const std::string& path() const { return path_; }
  const DownloadState& state() const { return state_; }
  /// True while bytes are here that an earlier process has fetched.
  bool has_old_bytes() const { return has_old_bytes_; }

  /// Names the content and its size, and reserves room for it where the file system can.
  void begin(const std::string& identity, std::uint64_t size);
  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Notes what is there, on the disk too once in a few seconds.
  void add_done(ByteRange range);
  /// Puts bytes and note on the disk now.
  void save();
  /// Forgets all bytes.
  void restart();
  /// Forces the content to the disk, gives it its name and removes the note.
  void publish(const std::string& final_path);
  /// Removes both.
  void remove();

 private:
  std::string path_;
  Descriptor file_;
  DownloadState state_;
  bool has_old_bytes_ = false;
  bool is_gone_ = false;
  Stopwatch since_save_;
};

/// The note beside a part file.
std::string state_path_of(const std::string& part_path);

}  // namespace virnucpro
