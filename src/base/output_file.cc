#include "base/output_file.h"

#include <unistd.h>

#include <cerrno>

namespace virnucpro {

void OutputFile::write(std::string_view text) {
  if (text.size() >= kBufferBytes) {  // a large piece needs no copy of its own
    flush();
    write_out(text);
    return;
  }
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void OutputFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void OutputFile::flush() {
  write_out(buffer_);
  buffer_.clear();
}

void OutputFile::write_out(std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t written = ::write(file_.descriptor(), rest.data(), rest.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      const int error = errno;
      buffer_.clear();
      fail_output(path(), "write", error);
    }
    // After a short write, the next one says why.
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void OutputFile::finish() {
  flush();
  file_.sync();
}

}  // namespace virnucpro
