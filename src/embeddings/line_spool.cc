#include "embeddings/line_spool.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "base/partial_file.h"

namespace virnucpro {
namespace {

/// Owns what getline() allocates.
class Line {
 public:
  Line() = default;
  ~Line() { ::free(text_); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// False at the end of the file.
  bool read(std::FILE* file) {
    const ssize_t count = ::getline(&text_, &capacity_, file);
    size_ = count > 0 ? static_cast<std::size_t>(count - 1) : 0;  // without the line end
    return count > 0;
  }
  std::string_view text() const { return {text_, size_}; }

 private:
  char* text_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace

LineSpool::LineSpool(std::string folder) : folder_(std::move(folder)) {
  const int descriptor = open_nameless_file(folder_);
  file_.reset(::fdopen(descriptor, "w+"));
  if (file_ != nullptr) return;
  const int error = errno;
  ::close(descriptor);
  fail_output(folder_, "open a temporary file", error);
}

void LineSpool::add(std::string_view line) {
  check(line.find('\n') == std::string_view::npos, "a line end inside a line");
  longest_ = std::max(longest_, line.size());
  const bool is_written = std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() &&
                          std::fputc('\n', file_.get()) != EOF;
  if (!is_written) fail_output(folder_, "write a temporary file", errno);
}

void LineSpool::for_each(const std::function<void(std::string_view)>& take) {
  if (std::fflush(file_.get()) != 0) fail_output(folder_, "write a temporary file", errno);
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0) {
    fail_output(folder_, "read back a temporary file", errno);
  }
  Line line;
  while (line.read(file_.get())) take(line.text());
  if (std::ferror(file_.get()) != 0) fail_output(folder_, "read back a temporary file", errno);
}

}  // namespace virnucpro
