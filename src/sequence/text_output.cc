#include "sequence/text_output.h"

#include <unistd.h>

#include <cerrno>

#include "base/errors.h"

namespace virnucpro {
namespace {

/// Blocks that wait for a thread; htslib's own programs take as many.
constexpr int kBlocksPerThread = 256;

}  // namespace

bool is_compressed_name(const std::string& path) {
  return path.ends_with(".gz") || path.ends_with(".bgz");
}

TextOutput::TextOutput(const std::string& path, std::size_t threads) : file_(path) {
  if (!is_compressed_name(path)) return;
  const int descriptor = ::dup(file_.descriptor());
  if (descriptor < 0) fail_output(path, "open", errno);
  compressed_ = bgzf_dopen(descriptor, "w");
  if (compressed_ == nullptr) {
    ::close(descriptor);
    fail_output(path, "open", ENOMEM);
  }
  if (threads > 0 && bgzf_mt(compressed_, static_cast<int>(threads), kBlocksPerThread) != 0) {
    static_cast<void>(bgzf_close(compressed_));
    throw ResourceError(
        "the system gives no threads to compress with; use fewer --threads, or raise its limits "
        "('ulimit -u', 'ulimit -v')");
  }
}

TextOutput::~TextOutput() {
  // Not finished: what it says of its writes is of no interest.
  if (compressed_ != nullptr) static_cast<void>(bgzf_close(compressed_));
}

void TextOutput::flush() {
  std::string_view rest = buffer_;
  if (compressed_ != nullptr) {
    if (!rest.empty() && bgzf_write(compressed_, rest.data(), rest.size()) < 0) {
      fail_output(file_.path(), "write", errno == 0 ? EIO : errno);
    }
    rest = {};
  }
  while (!rest.empty()) {
    const ssize_t count = ::write(file_.descriptor(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_output(file_.path(), "write", errno);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  buffer_.clear();
}

void TextOutput::finish() {
  flush();
  if (compressed_ != nullptr) {
    errno = 0;
    BGZF* const closing = compressed_;
    compressed_ = nullptr;
    if (bgzf_close(closing) < 0) fail_output(file_.path(), "write", errno == 0 ? EIO : errno);
  }
  file_.sync();
}

}  // namespace virnucpro
