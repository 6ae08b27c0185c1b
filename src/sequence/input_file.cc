#include "sequence/input_file.h"

#include <fcntl.h>
#include <htslib/hts_log.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

constexpr const char* kStandardInput = "-";

struct MallocDeleter {
  void operator()(char* text) const { std::free(text); }
};

/// A file descriptor until htslib takes it over.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  int release() {
    const int value = value_;
    value_ = -1;
    return value;
  }

 private:
  int value_;
};

[[noreturn]] void throw_unreadable(const std::string& name, int error) {
  throw InputError(fmt::format("{}: cannot be read: {}. Check the path and its permissions.", name,
                               std::strerror(error)));
}

// Opened here rather than by htslib's hopen(), which would fetch http:, ftp: and s3: names: the
// program uses no network. Standard input is duplicated, so that closing it here leaves it open.
Descriptor open_descriptor(const std::string& path, const std::string& name) {
  Descriptor file(path == kStandardInput ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                         : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw_unreadable(name, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_unreadable(name, errno);
  if (S_ISDIR(status.st_mode)) {
    throw InputError(fmt::format("{}: is a folder, not a file. Name the files in it.", name));
  }
  return Descriptor(file.release());
}

/// Empty for what is no file on a disk.
std::string tail_of(int file) {
  constexpr off_t kTailBytes = 28;  // the end block of BGZF
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return "";
  std::string tail(static_cast<std::size_t>(std::min(kTailBytes, status.st_size)), '\0');
  const ssize_t got =
      ::pread(file, tail.data(), tail.size(), status.st_size - static_cast<off_t>(tail.size()));
  return got == static_cast<ssize_t>(tail.size()) ? tail : "";
}

[[noreturn]] void throw_compression(const std::string& name, const char* method,
                                    const char* program) {
  throw InputError(
      fmt::format("{}: is compressed with {}; plain, gzip and bgzip files are read. Decompress it "
                  "first: {} -dc FILE | virnucpro ... -",
                  name, method, program));
}

void check_compression(const std::string& name, htsCompression compression) {
  switch (compression) {
    case no_compression:
    case gzip:
    case bgzf:
    case custom:  // CRAM's own
      return;
    case bzip2_compression:
      throw_compression(name, "bzip2", "bzip2");
    case xz_compression:
      throw_compression(name, "xz", "xz");
    case zstd_compression:
      throw_compression(name, "zstd", "zstd");
    case razf_compression:
      throw_compression(name, "RAZF", "gzip");
    case compression_maximum:
      break;
  }
  throw InputError(fmt::format("{}: is compressed in an unknown way; decompress it first.", name));
}

InputFormat format_of(const std::string& name, const htsFormat& detected) {
  switch (detected.format) {
    case sam:
    case bam:
    case cram:
      return InputFormat::kAlignment;
    case fasta_format:
    case fastq_format:
    case empty_format:
    case text_format:  // the text source looks at the first character itself
    case unknown_format:
    case binary_format:
      return InputFormat::kText;
    default:
      break;
  }
  const std::unique_ptr<char, MallocDeleter> found(hts_format_description(&detected));
  throw InputError(
      fmt::format("{}: not a sequence file: found {}, expected FASTA, FASTQ, SAM, BAM or CRAM.",
                  name, found ? found.get() : "another format"));
}

}  // namespace

void check_readable(const std::string& path) {
  if (path == kStandardInput) return;
  // A named pipe must not be opened twice: its writer would see the first reader go.
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw_unreadable(path, errno);
  if (S_ISFIFO(status.st_mode)) return;
  open_descriptor(path, path);
}

InputFile open_input(const std::string& path) {
  static std::once_flag silenced;  // readers may start on several threads
  std::call_once(silenced, [] { hts_set_log_level(HTS_LOG_OFF); });
  InputFile input;
  input.name = path == kStandardInput ? "standard input" : path;
  Descriptor file = open_descriptor(path, input.name);
  input.tail = tail_of(file.get());
  input.stream.reset(hdopen(file.get(), "r"));
  if (!input.stream) throw_unreadable(input.name, errno);
  file.release();
  htsFormat detected{};
  errno = 0;
  // hts_detect_format: 0 done (also for "unknown"), -1 the first bytes could not be read.
  if (hts_detect_format(input.stream.get(), &detected) != 0) {
    throw_unreadable(input.name, errno != 0 ? errno : EIO);
  }
  check_compression(input.name, detected.compression);
  input.format = format_of(input.name, detected);
  return input;
}

std::string bgzf_problem(const BGZF& file) {
  if (const int error = herrno(file.fp); error != 0) {
    return fmt::format("the system could not read the file ({})", std::strerror(error));
  }
  // Several bits are set together; the first that applies says most.
  if ((file.errcode & BGZF_ERR_CRC) != 0) return "the checksum of a compressed block is wrong";
  if ((file.errcode & BGZF_ERR_HEADER) != 0) return "a compressed block has a damaged header";
  if ((file.errcode & BGZF_ERR_IO) != 0) return "the compressed data end early";
  if ((file.errcode & BGZF_ERR_ZLIB) != 0) return "the compressed data are damaged";
  if ((file.errcode & BGZF_ERR_MISUSE) != 0) return "the file was opened for something else";
  if ((file.errcode & BGZF_ERR_MT) != 0) return "the stream cannot be read by several threads";
  return "the data end early";
}

}  // namespace virnucpro
