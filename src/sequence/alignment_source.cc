// SAM, BAM and CRAM through htslib; every result of the library is named where it is received.
#include "sequence/alignment_source.h"

#include <htslib/cram.h>

#include <new>
#include <optional>
#include <string>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "sequence/bgzf.h"
#include "sequence/cram_end.h"
#include "sequence/local_references.h"
#include "sequence/sam_line.h"

namespace virnucpro {
namespace {

// Letters of htslib's four-bit bases, as stored and for the other strand.
constexpr std::string_view kLetters = "=ACMGRSVTWYHKDBN";
constexpr std::string_view kComplements = "=TGKCYSBAWRDMHVN";
constexpr std::size_t kSameAsReference = 0;  // '='

class AlignmentSource final : public RecordSource {
 public:
  AlignmentSource(InputFile input, Log log)
      : name_(std::move(input.name)),
        log_(std::move(log)),
        number_(input.records_before),
        lines_before_(input.lines_before) {
    keep_references_local();
    file_.reset(hts_hopen(input.stream.get(), name_.c_str(), "r"));
    if (!file_) throw InputError(fmt::format("{}: cannot be read: damaged from the start.", name_));
    static_cast<void>(input.stream.release());  // owned by file_ from here
    check_end_mark(input.tail);
    is_padded_ = is_bgzf() && is_padded_bgzf_end(input.tail);
    header_.reset(sam_hdr_read(file_.get()));
    if (!header_) {
      throw InputError(fmt::format(
          "{}: its header cannot be read; the file is cut or damaged. Copy it again.", name_));
    }
    record_.reset(bam_init1());
    if (!record_) throw std::bad_alloc();
    require_line_feeds();
    head_bytes_ = position();
  }

  bool next(Record& record) override {
    while (read()) {
      const std::uint16_t flag = record_->core.flag;
      if ((flag & BAM_FSECONDARY) != 0) {
        ++skipped_secondary_;
        continue;
      }
      if ((flag & BAM_FSUPPLEMENTARY) != 0) {
        ++skipped_supplementary_;
        continue;
      }
      take_id(record);
      take_bases(record);
      return true;
    }
    return false;
  }

  // The format of SAM that begins with a record would have to be told by that record alone.
  std::optional<std::uint64_t> text_offset() const override {
    if (is_cram() || head_bytes_ == 0) return std::nullopt;
    return offset_;
  }
  std::uint64_t head_bytes() const override { return head_bytes_; }

  std::uint64_t skipped_secondary() const override { return skipped_secondary_; }
  std::uint64_t skipped_supplementary() const override { return skipped_supplementary_; }

 private:
  // Where the end of the file is known, a missing mark is better reported before the work than
  // after.
  void check_end_mark(std::string_view tail) {
    if (is_bgzf() && lacks_bgzf_end(tail)) warn_of_no_end_block();
    if (is_cram() && lacks_cram_end(*hts_get_format(file_.get()), tail)) {
      judge_no_end_container(name_);
    }
  }

  void warn_of_no_end_block() {
    if (!warned_) log_.warning("{}", no_bgzf_end_warning(name_));
    warned_ = true;
  }

  void judge_no_end_container(const std::string& place) {
    const std::string warning = judge_no_cram_end(*hts_get_format(file_.get()), place);
    if (!warned_) log_.warning("{}", warning);
    warned_ = true;
  }

  // htslib opens uncompressed and gzip files as BGZF, too.
  bool is_bgzf() const {
    return file_->is_bgzf != 0 && hts_get_format(file_.get())->compression == bgzf;
  }
  bool is_cram() const { return hts_get_format(file_.get())->format == cram; }
  bool is_sam() const { return hts_get_format(file_.get())->format == sam; }

  // The bytes of text that were read so far.
  std::uint64_t position() const {
    if (is_cram()) return 0;
    return static_cast<std::uint64_t>(file_->is_bgzf != 0 ? bgzf_utell(file_->fp.bgzf)
                                                          : htell(file_->fp.hfile));
  }

  // Of the last record of SAM; 0 in other formats.
  std::uint64_t line() const {
    return is_sam() ? lines_left_out_.value_or(0) + static_cast<std::uint64_t>(file_->lineno) : 0;
  }

  std::string last_place() const {
    return place_after(name_, number_, number_ == 0 ? "" : bam_get_qname(record_.get()), line());
  }

  // Reads the next stored record, even one to be skipped; false at a proper end.
  bool read() {
    constexpr int kEndOfFile = -1;
    offset_ = position();
    const int result = sam_read1(file_.get(), header_.get(), record_.get());
    if (result >= 0) {
      ++number_;
      if (!lines_left_out_) {
        lines_left_out_ =
            lines_before_ == 0 ? 0 : lines_before_ + 1 - static_cast<std::uint64_t>(file_->lineno);
      }
      return true;
    }
    if (result == kEndOfFile) {
      check_ended_here();
      return false;
    }
    // What htslib has taken for the header of one more block is known from the end of the file.
    if (is_padded_ && only_zeros_follow(*file_->fp.bgzf)) {
      log_.warning("{}: zeros follow the compressed data; they are passed over", name_);
      return false;
    }
    throw_damaged(result);
  }

  // In a header without line feeds the reads would count as a part of its only line.
  void require_line_feeds() const {
    const char* text = is_sam() ? sam_hdr_str(header_.get()) : nullptr;
    if (text == nullptr) return;
    const std::string_view header(text);
    const std::size_t end = header.find('\n');
    const bool is_one_line = end == std::string_view::npos || end + 1 == header.size();
    if (!is_one_line || header.find('\r') == std::string_view::npos) return;
    throw InputError(
        fmt::format("{}: its header lines end in a carriage return alone (old Mac OS). Convert the "
                    "file: tr '\\r' '\\n' < FILE > NEW",
                    name_));
  }

  // sam_read1 takes the end of the bytes for the end of the file. Where files have a mark it must
  // have come, which a pipe shows only now.
  void check_ended_here() {
    if (is_bgzf() && file_->fp.bgzf->no_eof_block != 0) warn_of_no_end_block();
    constexpr int kEndWithoutMark = 2;  // 0: not at the end, 1: at the end mark
    if (file_->is_cram != 0 && cram_eof(file_->fp.cram) == kEndWithoutMark) {
      judge_no_end_container(last_place());
    }
  }

  [[noreturn]] void throw_damaged(int result) const {
    if (is_cram()) {
      throw InputError(fmt::format(
          "{}: record {} cannot be decoded. Either the file is damaged, or it was written against "
          "a reference that is not here: give its place in REF_PATH or REF_CACHE, or convert the "
          "file to BAM with samtools view -b -T REFERENCE.",
          name_, number_ + 1));
    }
    std::string problem;
    switch (result) {
      case -2:
        problem = is_sam() ? "is not a SAM line" : "cannot be read";
        break;
      case -3:
        problem = "is cut within its fixed part";
        break;
      case -4:
        problem = "is cut or has impossible lengths";
        break;
      default:
        problem = fmt::format("cannot be read (result {})", result);
    }
    if (file_->is_bgzf != 0 && file_->fp.bgzf->errcode != 0) {
      problem += ": " + bgzf_problem(*file_->fp.bgzf);
    }
    if (is_sam() && result == -2 && sam_hdr_nref(header_.get()) == 0 && names_reference(*file_)) {
      throw InputError(
          fmt::format("{}: record {} (line {}) {}", name_, number_ + 1, line(), kHeaderIsMissing));
    }
    const std::string place = is_sam() ? fmt::format(" (line {})", line()) : std::string();
    throw InputError(fmt::format("{}: record {}{} {}; the file is cut or damaged. Copy it again.",
                                 name_, number_ + 1, place, problem));
  }

  void take_id(Record& record) const {
    record.line = line();
    record.id = bam_get_qname(record_.get());
    constexpr std::uint16_t kEnds = BAM_FREAD1 | BAM_FREAD2;
    const std::uint16_t flag = record_->core.flag;
    if ((flag & BAM_FPAIRED) == 0) return;
    // Both bits or none mean a middle or unknown part of its template, neither first nor second.
    std::string_view suffix;
    if ((flag & kEnds) == BAM_FREAD1) suffix = "/1";
    if ((flag & kEnds) == BAM_FREAD2) suffix = "/2";
    if (!record.id.ends_with(suffix)) record.id += suffix;
  }

  void take_bases(Record& record) const {
    const auto length = static_cast<std::size_t>(record_->core.l_qseq);  // 0 for SEQ '*'
    const std::uint8_t* stored = bam_get_seq(record_.get());
    const bool reverse = (record_->core.flag & BAM_FREVERSE) != 0;
    record.bases.resize(length);
    for (std::size_t i = 0; i < length; ++i) {
      const std::size_t code = bam_seqi(stored, i);
      if (code == kSameAsReference) {
        throw InputError(fmt::format(
            "{}: base {} is '=', the same as a reference that is not here. Restore the bases with "
            "samtools calmd.",
            record_place(name_, number_, record.id, record.line), i + 1));
      }
      if (reverse) {
        record.bases[length - 1 - i] = kComplements[code];
      } else {
        record.bases[i] = kLetters[code];
      }
    }
  }

  std::string name_;
  Log log_;
  HtsFile file_;
  SamHeader header_;
  BamRecord record_;
  std::uint64_t number_;  // of the last stored record; of a piece, skipped ones before it are not
                          // counted
  const std::uint64_t lines_before_;
  std::optional<std::uint64_t> lines_left_out_;  // between the head of a piece and its records
  std::uint64_t head_bytes_ = 0;
  std::uint64_t offset_ = 0;  // of the last stored record in the text
  std::uint64_t skipped_secondary_ = 0;
  std::uint64_t skipped_supplementary_ = 0;
  bool warned_ = false;
  bool is_padded_ = false;  ///< as far as the end of the file shows
};

}  // namespace

std::unique_ptr<RecordSource> open_alignment_source(InputFile input, Log log) {
  return std::make_unique<AlignmentSource>(std::move(input), std::move(log));
}

}  // namespace virnucpro
