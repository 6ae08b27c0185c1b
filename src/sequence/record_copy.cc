#include "sequence/record_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <new>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "base/stop.h"
#include "sequence/bgzf.h"
#include "sequence/hts_handles.h"
#include "sequence/hts_threads.h"
#include "sequence/input_file.h"
#include "sequence/line_reader.h"
#include "sequence/local_references.h"
#include "sequence/text_output.h"

namespace virnucpro {
namespace {

constexpr std::uint64_t kRecordsBetweenLooks = 4096;

using Takes = std::function<bool(const CopyQuestion&)>;

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

bool is_blank_line(std::string_view line) {
  for (const char c : line) {
    if (!is_blank(c)) return false;
  }
  return true;
}

std::string_view first_word(std::string_view header) {
  std::size_t begin = 0;
  while (begin < header.size() && is_blank(header[begin])) ++begin;
  std::size_t end = begin;
  while (end < header.size() && !is_blank(header[end])) ++end;
  return header.substr(begin, end - begin);
}

class TextCopy final : public RecordCopy {
 public:
  TextCopy(const std::string& input, const std::optional<KnownFile>& known,
           const std::string& output, std::size_t threads, const Takes& takes,
           const std::stop_token& stop)
      : lines_(input, {}, {stop, known}), output_(output, threads), takes_(takes), stop_(stop) {
    bool more = next();
    while (more && is_blank_line(line_)) more = next();
    if (more) more = line_.front() == '@' ? copy_fastq() : copy_fasta();
    output_.finish();
  }

  void publish() override { output_.publish(); }

 private:
  bool next() { return lines_.next(line_); }

  bool takes_next(bool is_template) {
    if (records % kRecordsBetweenLooks == 0) throw_if_stopped(stop_);
    const std::string_view header(line_);
    const bool taken = takes_({records++, first_word(header.substr(1)), is_template});
    written += taken ? 1 : 0;
    return taken;
  }

  void write(bool taken) {
    if (!taken) return;
    output_.row().append(line_).append("\n");
    output_.row_done();
  }

  bool copy_fasta() {
    bool taken = false;
    do {
      if (line_.starts_with('>')) taken = takes_next(/*is_template=*/false);
      write(taken);
    } while (next());
    return false;
  }

  /// The bases, then '+', then as many characters of quality, each over any number of lines.
  bool copy_fastq() {
    bool more = true;
    while (more) {
      if (is_blank_line(line_)) {
        more = next();
        continue;
      }
      if (line_.front() != '@') lines_.fail(lines_.number(), "expected '@'; the file has changed");
      const bool taken = takes_next(/*is_template=*/true);
      write(taken);
      std::size_t bases = 0;
      while ((more = next()) && !line_.starts_with('+')) {
        bases += letters_in(line_);
        write(taken);
      }
      write(taken && more);
      std::size_t quality = 0;
      do {
        more = more && next();
        if (!more) break;
        quality += letters_in(line_);
        write(taken);
      } while (quality < bases);
      more = more && next();
    }
    return false;
  }

  static std::size_t letters_in(std::string_view line) {
    std::size_t count = 0;
    for (const char c : line) count += is_blank(c) ? 0 : 1;
    return count;
  }

  LineReader lines_;
  TextOutput output_;
  const Takes& takes_;
  const std::stop_token& stop_;
  std::string line_;
};

class AlignmentCopy final : public RecordCopy {
 public:
  AlignmentCopy(InputFile input, const std::string& output, std::size_t threads, const Takes& takes,
                const std::stop_token& stop)
      : name_(input.name), file_(output) {
    keep_references_local();
    // Of several threads nobody knows where the one that met padding has stopped.
    const bool is_padded = is_padded_bgzf_end(input.tail);
    HtsThreads pool(is_padded ? 0 : 2 * threads);
    HtsFile in(hts_hopen(input.stream.get(), name_.c_str(), "r"));
    if (!in) fail("cannot be read: damaged from the start");
    static_cast<void>(input.stream.release());
    const htsFormat format = *hts_get_format(in.get());
    SamHeader header(sam_hdr_read(in.get()));
    if (!header) fail("its header cannot be read; the file is damaged");
    HtsFile out = open_output(output, format);
    pool.serve(*in);  // slower where it fails, not wrong
    pool.serve(*out);
    if (sam_hdr_write(out.get(), header.get()) != 0) fail_write();
    BamRecord record(bam_init1());
    if (!record) throw std::bad_alloc();
    for (std::uint64_t read = 0;; ++read) {
      if (read % kRecordsBetweenLooks == 0) throw_if_stopped(stop);
      const int result = sam_read1(in.get(), header.get(), record.get());
      if (result == -1) break;
      const bool is_bgzf = in->is_bgzf != 0 && format.compression == bgzf;
      if (result < 0 && is_bgzf && is_padded && only_zeros_follow(*in->fp.bgzf)) break;
      if (result < 0) fail(fmt::format("record {} cannot be read; the file is damaged", read + 1));
      const bool is_primary = (record->core.flag & (BAM_FSECONDARY | BAM_FSUPPLEMENTARY)) == 0;
      CopyQuestion question{std::nullopt, bam_get_qname(record.get()), true};
      if (is_primary) question.number = records++;
      if (!takes(question)) continue;
      if (sam_write1(out.get(), header.get(), record.get()) < 0) fail_write();
      ++written;
    }
    if (hts_close(out.release()) < 0) fail_write();
    in.reset();
    static_cast<void>(input.feed->finish());
    file_.sync();
  }

  void publish() override { file_.publish(); }

 private:
  HtsFile open_output(const std::string& output, const htsFormat& format) {
    const int descriptor = ::dup(file_.descriptor());
    if (descriptor < 0) fail_output(output, "open", errno);
    HFile stream(hdopen(descriptor, "w"));
    if (!stream) {
      ::close(descriptor);
      throw std::bad_alloc();
    }
    const char* mode = format.format == bam ? "wb" : format.format == cram ? "wc" : "w";
    if (format.format == sam && is_compressed_name(output)) mode = "wz";
    HtsFile out(hts_hopen(stream.get(), output.c_str(), mode));
    if (!out) fail_output(output, "open", errno == 0 ? EIO : errno);
    static_cast<void>(stream.release());
    return out;
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw InputError(fmt::format("{}: {}.", name_, problem));
  }
  [[noreturn]] void fail_write() const {
    fail_output(file_.path(), "write", errno == 0 ? EIO : errno);
  }

  const std::string name_;
  PartialFile file_;
};

}  // namespace

std::unique_ptr<RecordCopy> copy_records(const std::string& input,
                                         const std::optional<KnownFile>& known,
                                         const std::string& output, std::size_t threads,
                                         const Takes& takes, const std::stop_token& stop) {
  InputFile file = open_input(input, {stop, known});
  if (file.format == InputFormat::kAlignment) {
    return std::make_unique<AlignmentCopy>(std::move(file), output, threads, takes, stop);
  }
  file = {};
  return std::make_unique<TextCopy>(input, known, output, threads, takes, stop);
}

}  // namespace virnucpro
