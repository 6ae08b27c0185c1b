#include "sequence/input_file.h"

#include <htslib/hts_log.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include "base/descriptor.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/read_input.h"
#include "sequence/bgzf.h"
#include "sequence/cram_end.h"

namespace virnucpro {
namespace {

struct MallocDeleter {
  void operator()(char* text) const { std::free(text); }
};

[[noreturn]] void throw_unreadable(const std::string& name, int error) {
  throw InputError(fmt::format("{}: cannot be read: {}. Check the path and its permissions.", name,
                               std::strerror(error)));
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
    case bed:          // any table with numbers in its second and third columns, such as PAF
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

void check_readable(const std::string& path, bool takes_addresses) {
  if (path == kStandardInput) return;
  if (is_address(path)) {
    if (takes_addresses) return;
    throw_address_not_read(path);
  }
  // A named pipe must not be opened twice, because its writer would see the first reader go.
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw_unreadable(path, errno);
  if (S_ISFIFO(status.st_mode)) return;
  open_to_read(path, path);
}

InputFile open_input(const std::string& path, InputTerms terms) {
  static std::once_flag silenced;  // readers may start on several threads
  std::call_once(silenced, [] { hts_set_log_level(HTS_LOG_OFF); });
  InputFile input;
  input.name = path == kStandardInput ? "standard input" : path;
  if (terms.piece) {
    input.records_before = terms.piece->first_record;
    input.lines_before = terms.piece->first_line;
  }
  // Opened here rather than by htslib's hopen(), which would fetch http:, ftp: and s3: names by
  // itself. Who may open connections gives the means in the terms.
  if (is_address(path)) {
    if (!terms.open_address) throw_address_not_read(path);
    OpenedStream stream = terms.open_address(path, terms.stop);
    input.feed = std::make_unique<InputFeed>(std::move(stream.bytes), "", input.name,
                                             std::move(terms), std::move(stream.finish));
  } else {
    input.feed = std::make_unique<InputFeed>(open_to_read(path, input.name),
                                             path == kStandardInput ? "" : path, input.name,
                                             std::move(terms));
  }
  Descriptor output = input.feed->take_output();
  input.stream.reset(hdopen(output.get(), "r"));
  if (!input.stream) throw_unreadable(input.name, errno);
  output.release();
  htsFormat detected{};
  errno = 0;
  // hts_detect_format: 0 done (also for "unknown"), -1 the first bytes could not be read.
  if (hts_detect_format(input.stream.get(), &detected) != 0) {
    input.feed->check();
    throw_unreadable(input.name, errno != 0 ? errno : EIO);
  }
  input.feed->check();  // nothing came, or too little to tell by
  try {
    check_compression(input.name, detected.compression);
    input.format = format_of(input.name, detected);
  } catch (const InputError&) {
    input.feed->check_refused();
    throw;
  }
  input.tail = input.feed->tail(detected.format == cram ? kCramEndBytes : kBgzfEndBytes);
  return input;
}

std::string bgzf_problem(const BGZF& file) {
  if (const int error = herrno(file.fp); error != 0) {
    return fmt::format("the system could not read the file ({})", std::strerror(error));
  }
  // Several bits are set together; the first one that applies says most.
  if ((file.errcode & BGZF_ERR_CRC) != 0) return "the checksum of a compressed block is wrong";
  if ((file.errcode & BGZF_ERR_HEADER) != 0) return "a compressed block has a damaged header";
  if ((file.errcode & BGZF_ERR_IO) != 0) return "the compressed data end early";
  if ((file.errcode & BGZF_ERR_ZLIB) != 0) return "the compressed data are damaged";
  if ((file.errcode & BGZF_ERR_MISUSE) != 0) return "the file was opened for something else";
  if ((file.errcode & BGZF_ERR_MT) != 0) return "the stream cannot be read by several threads";
  return "the data end early";
}

}  // namespace virnucpro
