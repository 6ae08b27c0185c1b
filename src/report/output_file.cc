#include "report/output_file.h"

#include <unistd.h>

#include <cerrno>

namespace virnucpro {

void OutputFile::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(file_.descriptor(), rest.data(), rest.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      const int error = errno;
      buffer_.clear();
      fail_output(path(), "write", error);
    }
    // A short write is followed by one that says why.
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void OutputFile::finish() {
  flush();
  file_.sync();
}

}  // namespace virnucpro
