// SAM, BAM and CRAM of reads that are aligned to contigs, through htslib.
#include "sequence/aligned_reads.h"

#include <fcntl.h>
#include <htslib/cram.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/stop.h"
#include "sequence/hts_handles.h"
#include "sequence/input_file.h"
#include "sequence/local_references.h"

namespace virnucpro {
namespace {

/// Records between two looks at the stop token.
constexpr std::uint64_t kRecordsBetweenLooks = 4096;

/// A descriptor of its own, so that a name that looks like a URL stays the name of a file.
HFile open_regular_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw InputError(
        fmt::format("{}: cannot be opened: {}.", path, std::generic_category().message(errno)));
  }
  HFile stream(hdopen(descriptor, "r"));
  if (stream) return stream;
  ::close(descriptor);
  throw std::bad_alloc();
}

HtsFile open_stream(HFile stream, const std::string& name) {
  HtsFile file(hts_hopen(stream.get(), name.c_str(), "r"));
  if (!file) throw InputError(fmt::format("{}: cannot be read: damaged from the start.", name));
  static_cast<void>(stream.release());  // owned by `file` from here
  return file;
}

class HtsAlignedReads final : public AlignedReads {
 public:
  HtsAlignedReads(const std::string& path, std::size_t threads, std::stop_token stop)
      : name_(path == "-" ? "standard input" : path), stop_(std::move(stop)) {
    keep_references_local();
    hts_set_log_level(HTS_LOG_OFF);  // the errors say the same and more
    check_readable(path);
    std::error_code error;
    if (path != "-" && std::filesystem::is_regular_file(path, error)) {
      file_ = open_stream(open_regular_file(path), name_);
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
    if (threads > 0 && hts_set_threads(file_.get(), static_cast<int>(threads)) != 0) {
      throw ResourceError("the system gives no threads to decompress with; raise its limits");
    }
    header_.reset(sam_hdr_read(file_.get()));
    if (!header_) {
      if (feed_) feed_->check();
      throw InputError(fmt::format(
          "{}: its header cannot be read; the file is cut or damaged. Copy it again.", name_));
    }
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
    const int result = sam_read1(file_.get(), header_.get(), record_.get());
    if (result >= 0) {
      ++number_;
      return true;
    }
    if (feed_) feed_->check();
    if (result == kEndOfFile) {
      require_end();
      return false;
    }
    const bool is_cram = file_->is_cram != 0;
    throw InputError(
        fmt::format("{}: record {} cannot be {}; the file is cut or damaged{}. Copy it again.",
                    name_, number_ + 1, is_cram ? "decoded" : "read",
                    is_cram ? ", or its reference is not here (REF_PATH, REF_CACHE)" : ""));
  }

  /// Reads that are missing at the end would be missing among the labels, and nobody would know.
  void require_end() const {
    const bool is_bgzf = file_->is_bgzf != 0 && hts_get_format(file_.get())->compression == bgzf;
    constexpr int kEndWithoutMark = 2;
    const bool lacks_mark =
        (is_bgzf && file_->fp.bgzf->no_eof_block != 0) ||
        (file_->is_cram != 0 && hts_get_format(file_.get())->version.major >= 3 &&
         cram_eof(file_->fp.cram) == kEndWithoutMark);
    if (!lacks_mark) return;
    throw InputError(fmt::format(
        "{}: the file ends after record {} without its end mark, so it was cut in writing or "
        "copying. Copy it again; if its writer sets no mark, write it anew with samtools view -b.",
        name_, number_));
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
  const std::stop_token stop_;
  std::unique_ptr<InputFeed> feed_;  // of a pipe; outlives file_
  HtsFile file_;
  SamHeader header_;
  BamRecord record_;
  std::vector<AlignedContig> contigs_;
  bool is_grouped_ = false;
  std::uint64_t number_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace

std::unique_ptr<AlignedReads> open_aligned_reads(const std::string& path, std::size_t threads,
                                                 std::stop_token stop) {
  return std::make_unique<HtsAlignedReads>(path, threads, std::move(stop));
}

}  // namespace virnucpro
