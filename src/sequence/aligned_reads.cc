// SAM, BAM and CRAM of reads that are aligned to contigs, through htslib.
#include "sequence/aligned_reads.h"

#include <fcntl.h>
#include <htslib/cram.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "base/descriptor.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/file_stamp.h"
#include "base/format.h"
#include "base/known_file.h"
#include "base/stop.h"
#include "sequence/bgzf.h"
#include "sequence/cram_end.h"
#include "sequence/hts_handles.h"
#include "sequence/hts_threads.h"
#include "sequence/input_file.h"
#include "sequence/local_references.h"
#include "sequence/other_formats.h"
#include "sequence/sam_line.h"

namespace virnucpro {
namespace {

/// Records between two looks at the stop token.
constexpr std::uint64_t kRecordsBetweenLooks = 4096;

/// A descriptor of its own, so that a name that looks like a URL stays the name of a file.
Descriptor open_regular_file(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() >= 0) return file;
  throw InputError(
      fmt::format("{}: cannot be opened: {}.", path, std::generic_category().message(errno)));
}

HFile stream_of(const Descriptor& file) {
  const int descriptor = ::fcntl(file.get(), F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) throw ResourceError("the limit of open files is too low ('ulimit -n')");
  HFile stream(hdopen(descriptor, "r"));
  if (stream) return stream;
  ::close(descriptor);
  throw std::bad_alloc();
}

/// The last bytes of a file, as many as tell whether its end mark is there.
std::string tail_of(const Descriptor& file, std::uint64_t bytes, const htsFormat& format) {
  const std::size_t count = format.format == cram ? kCramEndBytes : kBgzfEndBytes;
  std::string tail(std::min<std::uint64_t>(count, bytes), '\0');
  const ssize_t got =
      ::pread(file.get(), tail.data(), tail.size(), static_cast<off_t>(bytes - tail.size()));
  tail.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return tail;
}

/// Throws InputError for a format that is recognised and has no alignments.
void refuse_other_format(const OtherFormat& other, const std::string& name) {
  if (other.what.empty()) return;
  throw InputError(fmt::format("{}: is {}; expected SAM, BAM or CRAM of aligned reads.{}{}", name,
                               other.what, other.advice.empty() ? "" : " ", other.advice));
}

HtsFile open_stream(HFile stream, const std::string& name) {
  std::array<char, 512> first;  // as much as the first lines that tell a format need
  const ssize_t got = hpeek(stream.get(), first.data(), first.size());
  const std::string_view head(first.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  HtsFile file(hts_hopen(stream.get(), name.c_str(), "r"));
  if (file) static_cast<void>(stream.release());  // owned by `file` from here
  const bool is_gzip = head.starts_with("\x1f\x8b");
  if (!is_gzip && (!file || hts_get_format(file.get())->category != sequence_data)) {
    refuse_other_format(other_binary_format(head), name);
    refuse_other_format(other_text_format(head), name);
  }
  if (!file) throw InputError(fmt::format("{}: cannot be read: damaged from the start.", name));
  return file;
}

class HtsAlignedReads final : public AlignedReads {
 public:
  HtsAlignedReads(const std::string& path, std::size_t threads, Log log, std::stop_token stop)
      : name_(path == "-" ? "standard input" : path), log_(std::move(log)), stop_(std::move(stop)) {
    keep_references_local();
    hts_set_log_level(HTS_LOG_OFF);  // the errors say the same and more
    check_readable(path);
    std::error_code error;
    if (path != "-" && std::filesystem::is_regular_file(path, error)) {
      regular_ = open_regular_file(path);
      stamp_ = stamp_of(regular_.get());
      file_ = open_stream(stream_of(regular_), name_);
    } else {
      // A pipe may never come to its end: the feed ends it once a stop is requested.
      InputFile input = open_input(path, {.stop = stop_});
      feed_ = std::move(input.feed);
      file_ = open_stream(std::move(input.stream), name_);
    }
    const htsFormat& format = *hts_get_format(file_.get());
    if (format.format != sam && format.format != bam && format.format != cram) {
      throw InputError(fmt::format(
          "{}: is no SAM, BAM or CRAM file of aligned reads. For minimap2's PAF, pass --paf.",
          name_));
    }
    if (stamp_) look_at_end(tail_of(regular_, stamp_->bytes, format));
    header_.reset(sam_hdr_read(file_.get()));
    if (!header_) {
      require_unchanged();
      throw InputError(fmt::format(
          "{}: its header cannot be read; the file is cut or damaged. Copy it again.", name_));
    }
    if (threads > 0) start_threads(threads);
    record_.reset(bam_init1());
    if (!record_) throw std::bad_alloc();
    for (int i = 0; i < sam_hdr_nref(header_.get()); ++i) {
      contigs_.push_back({sam_hdr_tid2name(header_.get(), i),
                          static_cast<std::uint64_t>(sam_hdr_tid2len(header_.get(), i))});
    }
    is_grouped_ = has("SO", "queryname") || has("GO", "query");
  }

  bool next(AlignedRead& read) override {
    for (;;) {
      if (!read_record()) return false;
      const bam1_core_t& core = record_->core;
      if ((core.flag & BAM_FUNMAP) != 0) continue;
      if ((core.flag & (BAM_FSECONDARY | BAM_FSUPPLEMENTARY)) != 0) {
        ++skipped_;
        continue;
      }
      if (core.tid < 0) fail("is mapped, but names no contig");
      read.name = {bam_get_qname(record_.get()),
                   static_cast<std::size_t>(core.l_qname - core.l_extranul - 1)};
      read.contig = static_cast<std::uint32_t>(core.tid);
      read.mapping_quality = core.qual;
      read.is_reverse = (core.flag & BAM_FREVERSE) != 0;
      take_cigar(read);
      take_differences(read);
      return true;
    }
  }

  const std::vector<AlignedContig>& contigs() const override { return contigs_; }
  bool is_grouped() const override { return is_grouped_; }
  std::uint64_t skipped() const override { return skipped_; }

 private:
  bool has(const char* key, std::string_view value) const {
    kstring_t text = KS_INITIALIZE;
    const bool found = sam_hdr_find_tag_hd(header_.get(), key, &text) == 0 &&
                       value == std::string_view(text.s, text.l);
    ks_free(&text);
    return found;
  }

  bool read_record() {
    if (number_ % kRecordsBetweenLooks == 0) throw_if_stopped(stop_);
    constexpr int kEndOfFile = -1;
    errno = 0;
    const int result = sam_read1(file_.get(), header_.get(), record_.get());
    if (result >= 0) {
      ++number_;
      return true;
    }
    // The thread that parses SAM is started with the first record.
    const bool is_short = result != kEndOfFile && (errno == ENOMEM || errno == EAGAIN);
    if (is_short && threads_) fail_without_threads();
    require_unchanged();
    if (result == kEndOfFile) {
      judge_end();
      return false;
    }
    if (is_padded_ && only_zeros_follow(*file_->fp.bgzf)) {
      log_.warning("{}: zeros follow the compressed data; they are passed over", name_);
      return false;
    }
    const bool is_cram = file_->is_cram != 0;
    if (hts_get_format(file_.get())->format == sam && sam_hdr_nref(header_.get()) == 0 &&
        names_reference(*file_)) {
      throw InputError(fmt::format("{}: record {} (line {}) {}", name_, number_ + 1, file_->lineno,
                                   kHeaderIsMissing));
    }
    throw InputError(
        fmt::format("{}: record {} cannot be {}; the file is cut or damaged{}. Copy it again.",
                    name_, number_ + 1, is_cram ? "decoded" : "read",
                    is_cram ? ", or its reference is not here (REF_PATH, REF_CACHE)" : ""));
  }

  void start_threads(std::size_t threads) {
    // Of several threads nobody knows where the one that met padding has stopped, or which line it
    // has refused (without contigs nothing is labelled), and a block that is cut ends the data for
    // them: only the end block shows that it was the last one.
    if (is_padded_ || is_unmarked_ || sam_hdr_nref(header_.get()) == 0) return;
    threads_.emplace(threads);
    if (threads_->serve(*file_)) return;
    fail_without_threads();
  }

  [[noreturn]] static void fail_without_threads() {
    throw ResourceError(
        "the system gives no threads to decompress with; use fewer --threads, or raise its limits "
        "('ulimit -u', 'ulimit -v')");
  }

  bool is_bgzf() const {
    return file_->is_bgzf != 0 && hts_get_format(file_.get())->compression == bgzf;
  }

  /// Throws ChangedInput when what was read is not one state of the file, and what the feed throws.
  void require_unchanged() {
    if (feed_) feed_->check();
    if (!stamp_) return;
    if (!have_same_content(stamp_of(regular_.get()), stamp_))
      throw_changed(name_, "was written to");
    // A file that was removed meanwhile is still the one that was asked for.
    const std::optional<FileStamp> named = stamp_of(name_);
    if (named && !named->is_same_file(*stamp_))
      throw_changed(name_, "was replaced by another file");
  }

  /// Where the end of the file is known, a missing mark is reported before the work.
  void look_at_end(std::string_view tail) {
    is_unmarked_ = is_bgzf() && lacks_bgzf_end(tail);
    if (is_unmarked_) warn(no_bgzf_end_warning(name_));
    is_padded_ = is_bgzf() && is_padded_bgzf_end(tail);
    const htsFormat& format = *hts_get_format(file_.get());
    if (format.format == cram && lacks_cram_end(format, tail)) {
      warn(judge_no_cram_end(format, name_));
    }
  }

  /// A pipe shows only now whether it has a mark.
  void judge_end() {
    if (is_bgzf() && file_->fp.bgzf->no_eof_block != 0) {
      if (threads_) fail_without_end();
      warn(no_bgzf_end_warning(name_));
    }
    constexpr int kEndWithoutMark = 2;  // 0: not at the end, 1: at the end mark
    if (file_->is_cram != 0 && cram_eof(file_->fp.cram) == kEndWithoutMark) {
      warn(judge_no_cram_end(*hts_get_format(file_.get()),
                             fmt::format("{}: record {}", name_, number_)));
    }
  }

  /// Where threads read, a damaged block looks like the end of the data.
  [[noreturn]] void fail_without_end() const {
    if (stamp_) {
      throw InputError(fmt::format(
          "{}: what follows record {} cannot be read; the file is damaged. Copy it again.", name_,
          number_));
    }
    throw InputError(fmt::format(
        "{}: ends after record {} without its end mark, so it was cut in writing or copying. Make "
        "it again; if its writer sets no mark, pass --threads 0.",
        name_, number_));
  }

  void warn(const std::string& text) {
    if (!warned_) log_.warning("{}", text);
    warned_ = true;
  }

  void take_cigar(AlignedRead& read) const {
    const std::uint32_t* cigar = bam_get_cigar(record_.get());
    std::uint64_t block = 0;
    std::uint64_t aligned = 0;
    std::uint64_t clipped = 0;
    for (std::uint32_t i = 0; i < record_->core.n_cigar; ++i) {
      const std::uint64_t length = bam_cigar_oplen(cigar[i]);
      switch (bam_cigar_op(cigar[i])) {
        case BAM_CMATCH:
        case BAM_CEQUAL:
        case BAM_CDIFF:
        case BAM_CINS:
          block += length;
          aligned += length;
          break;
        case BAM_CDEL:
          block += length;
          break;
        case BAM_CSOFT_CLIP:
        case BAM_CHARD_CLIP:
          clipped += length;
          break;
        default:  // skipped reference, padding
          break;
      }
    }
    if (block == 0) fail("is mapped, but its CIGAR aligns nothing");
    if (aligned + clipped == 0) fail("is mapped, but its CIGAR has no base of the read");
    constexpr std::uint64_t kMost = std::uint64_t{1} << 31;
    if (block >= kMost || aligned + clipped >= kMost) fail("has an impossible CIGAR");
    read.block = static_cast<std::uint32_t>(block);
    read.aligned = static_cast<std::uint32_t>(aligned);
    read.read_length = static_cast<std::uint32_t>(aligned + clipped);
  }

  void take_differences(AlignedRead& read) const {
    const std::uint8_t* tag = bam_aux_get(record_.get(), "NM");
    if (tag == nullptr) {
      fail(
          "is mapped, but has no tag NM, from which its identity is computed. Add it: samtools "
          "calmd -b FILE CONTIGS.fa, or minimap2 -a");
    }
    errno = 0;
    const std::int64_t differences = bam_aux2i(tag);
    if (errno != 0 || differences < 0 || differences > read.block) {
      fail(fmt::format("has a tag NM that is no number from 0 to {}, the length of its alignment",
                       read.block));
    }
    read.matches = read.block - static_cast<std::uint32_t>(differences);
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw InputError(fmt::format("{}: record {} ('{}') {}.", name_, number_,
                                 shown_id(bam_get_qname(record_.get())), problem));
  }

  const std::string name_;
  const Log log_;
  const std::stop_token stop_;
  std::unique_ptr<InputFeed> feed_;    // of a pipe; outlives file_
  Descriptor regular_;                 // of a file that is none
  std::optional<FileStamp> stamp_;     // when it was opened
  std::optional<HtsThreads> threads_;  // outlive file_
  HtsFile file_;
  SamHeader header_;
  BamRecord record_;
  std::vector<AlignedContig> contigs_;
  bool is_grouped_ = false;
  std::uint64_t number_ = 0;
  std::uint64_t skipped_ = 0;
  bool is_padded_ = false;    ///< as far as the end of the file shows
  bool is_unmarked_ = false;  ///< it has no end block
  bool warned_ = false;
};

}  // namespace

std::unique_ptr<AlignedReads> open_aligned_reads(const std::string& path, std::size_t threads,
                                                 Log log, std::stop_token stop) {
  return std::make_unique<HtsAlignedReads>(path, threads, std::move(log), std::move(stop));
}

}  // namespace virnucpro
