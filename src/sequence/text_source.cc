// FASTA and FASTQ through htslib's kseq, which parses; this file guards what kseq lets pass: read
// errors, bytes between records, '+' or '@' lines in the wrong format, lines to name in errors.
#include "sequence/text_source.h"

#include <htslib/kseq.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <string>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "sequence/bases.h"
#include "sequence/other_formats.h"
#include "sequence/text_input.h"

namespace virnucpro {
namespace {

// kseq reports lengths as int, so that is the longest part of a record that it can tell from an
// error. It also keeps one endless line from filling the memory.
constexpr std::size_t kLongestPart = std::numeric_limits<int>::max();
constexpr std::string_view kExpected = "FASTA, FASTQ, SAM, BAM or CRAM";

/// The bytes that kseq reads from, with what kseq does not keep: failures and the number of lines.
struct TextStream {
  enum class State { kGood, kReadFailed, kTooLong };

  TextInput* text = nullptr;
  State state = State::kGood;
  std::array<const std::size_t*, 4> lengths{};  // of name, comment, bases and quality so far
  const unsigned char* buffer = nullptr;
  int filled = 0;
  int counted = 0;  // bytes of the buffer whose line ends are in `lines`
  std::uint64_t lines = 0;
  std::uint64_t before = 0;  // bytes of text before the buffer

  void count_to(int end) {
    lines += static_cast<std::uint64_t>(std::count(buffer + counted, buffer + end, '\n'));
    counted = end;
  }
};

// kseq's read function. kseq takes a negative count for data, so every failure is reported to it
// as the end of the file (0) and kept in `state`, which is looked at before kseq's own result.
int read_text(TextStream* stream, unsigned char* buffer, int size) {
  if (stream->buffer != nullptr) stream->count_to(stream->filled);
  stream->before += static_cast<std::uint64_t>(stream->filled);
  stream->buffer = buffer;
  stream->filled = stream->counted = 0;
  for (const std::size_t* length : stream->lengths) {
    if (*length > kLongestPart) {
      stream->state = TextStream::State::kTooLong;
      return 0;
    }
  }
  const std::size_t got =
      stream->text->read(reinterpret_cast<char*>(buffer), static_cast<std::size_t>(size));
  if (got == 0 && !stream->text->problem().empty()) {
    stream->state = TextStream::State::kReadFailed;
  }
  stream->filled = static_cast<int>(got);
  return stream->filled;
}

KSEQ_INIT(TextStream*, read_text)

struct KseqDeleter {
  void operator()(kseq_t* parser) const { kseq_destroy(parser); }
};

std::string_view view(const kstring_t& text) {
  return text.l == 0 ? std::string_view() : std::string_view(text.s, text.l);
}

bool is_blank(int c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// The first word of a header that kseq has split at its first white space.
std::string_view first_word(const kseq_t& parser) {
  if (parser.name.l > 0) return view(parser.name);
  std::string_view rest = view(parser.comment);  // the header began with white space
  const auto begin = std::find_if_not(rest.begin(), rest.end(), is_blank);
  const auto end = std::find_if(begin, rest.end(), is_blank);
  return rest.substr(static_cast<std::size_t>(begin - rest.begin()),
                     static_cast<std::size_t>(end - begin));
}

class TextSource final : public RecordSource {
 public:
  TextSource(InputFile input, Log log)
      : number_(input.records_before),
        lines_before_(input.lines_before),
        text_(std::move(input), kExpected, log),
        name_(text_.name()),
        log_(std::move(log)) {
    stream_.text = &text_;
    parser_.reset(kseq_init(&stream_));
    stream_.lengths = {&parser_->name.l, &parser_->comment.l, &parser_->seq.l, &parser_->qual.l};
  }

  bool next(Record& record) override {
    if (!next_header()) {
      check_stream("");
      return false;
    }
    ++number_;
    // The header's first character has been taken.
    offset_ = stream_.before + static_cast<std::uint64_t>(parser_->f->begin) - 1;
    record.line = line();
    const int result = kseq_read(parser_.get());
    record.id.assign(first_word(*parser_));
    const std::string_view id = record.id;
    check_stream(id, record.line);
    judge(result, id, record.line);
    take_bases(record);
    last_id_ = record.id;
    last_line_ = record.line;
    return true;
  }

  std::optional<std::uint64_t> text_offset() const override {
    if (!text_.is_verbatim()) return std::nullopt;
    return offset_;
  }

 private:
  enum class Kind { kUnknown, kFasta, kFastq };

  [[noreturn]] void fail(std::string_view id, std::uint64_t line, std::string_view problem) const {
    throw InputError(fmt::format("{}: {}", record_place(name_, number_, id, line), problem));
  }

  std::uint64_t line() {
    stream_.count_to(parser_->f->begin);
    return lines_before_ + stream_.lines + 1;
  }

  std::string after_record() const { return place_after(name_, number_, last_id_, last_line_); }

  // Moves past the '>' or '@' of the next header; false at the end of the file.
  bool next_header() {
    switch (kind_) {
      case Kind::kUnknown:
        return start();
      case Kind::kFasta:
        return !parser_->f->is_eof;  // kseq has read the '>' with the record before
      case Kind::kFastq:
        break;
    }
    // kseq would skip anything up to the next '@': a record whose '@' is damaged would be lost.
    const int c = skip_blanks();
    if (c < 0) return false;
    if (c != '@') {
      throw InputError(fmt::format(
          "{}, line {}: expected '@' or the end of the file, found {}. The quality of the record "
          "before may be longer than its bases, or the file is damaged.",
          after_record(), line(), byte_name(static_cast<unsigned char>(c))));
    }
    parser_->last_char = '@';
    return true;
  }

  int skip_blanks() {
    int c = ks_getc(parser_->f);
    while (c >= 0 && is_blank(c)) c = ks_getc(parser_->f);
    return c;
  }

  // Decides between FASTA and FASTQ; false when there is nothing but white space.
  bool start() {
    check_begin(text_.head());
    const int c = skip_blanks();
    if (c < 0) return false;
    if (c != '>' && c != '@') throw_not_sequences(static_cast<unsigned char>(c), line());
    kind_ = c == '>' ? Kind::kFasta : Kind::kFastq;
    parser_->last_char = c;
    return true;
  }

  // Names what other format the text is in, which its first lines tell.
  void check_begin(std::string_view head) const {
    const std::size_t first = head.find_first_not_of(" \t\r\n\v\f");
    if (first == std::string_view::npos) return;
    const OtherFormat other = other_text_format(head);
    if (!other.what.empty()) {
      throw InputError(fmt::format("{}: is {}; expected {}.{}{}", name_, other.what, kExpected,
                                   other.advice.empty() ? "" : " ", other.advice));
    }
    if (head[first] == '>' || head[first] == '@') return;
    const auto lines = std::count(head.begin(), head.begin() + static_cast<long>(first), '\n');
    throw_not_sequences(static_cast<unsigned char>(head[first]),
                        lines_before_ + static_cast<std::uint64_t>(lines) + 1);
  }

  [[noreturn]] void throw_not_sequences(unsigned char first, std::uint64_t line) const {
    const bool is_binary = first < 0x20 || first >= 0x7f;
    throw InputError(
        fmt::format("{}: line {}: not a sequence file: expected '>' (FASTA), '@' (FASTQ), SAM, BAM "
                    "or CRAM, found {}.{}",
                    name_, line, byte_name(first), is_binary ? " It looks like binary data." : ""));
  }

  void check_stream(std::string_view id, std::uint64_t record_line = 0) const {
    switch (stream_.state) {
      case TextStream::State::kGood:
        return;
      case TextStream::State::kTooLong:
        fail(id, record_line,
             fmt::format("is longer than {} bytes, the most that one record may have. Split it.",
                         kLongestPart));
      case TextStream::State::kReadFailed:
        break;
    }
    const std::string problem = fmt::format(
        "reading failed: {}. The file may be cut or damaged; copy it again.", text_.problem());
    if (record_line == 0) throw InputError(fmt::format("{}: {}", after_record(), problem));
    fail(id, record_line, problem);
  }

  // Every result of kseq_read, by name, and what kseq does not report.
  void judge(int result, std::string_view id, std::uint64_t line) const {
    constexpr int kEndOfFile = -1;
    constexpr int kTruncatedQuality = -2;
    constexpr int kTooLongOrReadFailed = -3;  // also "read error" from htslib 1.17 on
    const bool fastq = kind_ == Kind::kFastq;
    switch (result) {
      case kEndOfFile:
        // kseq says so when the file ends right after the header's first character, which was
        // read before: in FASTA that is a record with no name and no bases.
        if (fastq) fail(id, line, "ends after its '@'; the file may be cut. Copy it again.");
        return;
      case kTruncatedQuality:
        if (!fastq) fail_mixed(id, line, '+');
        // A read without bases needs no quality: its line may end with the file.
        if (parser_->seq.l == 0 && parser_->qual.l == 0) return;
        if (parser_->seq.l == 0) {
          fail(id, line,
               fmt::format("has no bases, but a quality of {} characters; its bases or the empty "
                           "line of its quality are missing.",
                           parser_->qual.l));
        }
        fail(id, line,
             fmt::format("expected {} quality characters, one for each base, found {}; the file "
                         "may be cut or damaged. Copy it again.",
                         parser_->seq.l, parser_->qual.l));
      case kTooLongOrReadFailed:
        fail(id, line, "is too long for the parser or could not be read. Split it.");
      default:
        if (result < 0) {
          fail(id, line, fmt::format("the parser failed with the unknown result {}.", result));
        }
    }
    // What kseq saw last: the next header's first character, or 0 after a quality.
    const int last = parser_->last_char;
    if (fastq && last != 0) {
      fail(
          id, line,
          "expected a line with '+' and a quality after the bases, found none; the file may be cut "
          "or mix FASTA and FASTQ.");
    }
    if (!fastq && last != '>') fail_mixed(id, line, last == '@' ? '@' : '+');
  }

  [[noreturn]] void fail_mixed(std::string_view id, std::uint64_t line, char begin) const {
    fail(id, line,
         fmt::format("expected bases or '>', found a line that begins with '{}'; the file may mix "
                     "FASTA and FASTQ.",
                     begin));
  }

  void take_bases(Record& record) {
    const std::string_view id = record.id;
    const auto control = std::find_if(id.begin(), id.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (control != id.end()) {
      fail(id, record.line,
           fmt::format("its name holds the control {}; the file is damaged or not text.",
                       byte_name(static_cast<unsigned char>(*control))));
    }
    const CopiedBases copied = copy_bases(view(parser_->seq), record.bases);
    if (copied.bad) {
      fail(id, record.line,
           fmt::format("expected a letter as base {}, found {}; the file is damaged or not a "
                       "nucleotide file. Remove what is not sequence.",
                       copied.bad->position, byte_name(copied.bad->byte)));
    }
    if (copied.has_gaps && !warned_gaps_) {
      warned_gaps_ = true;
      log_.warning("{}: holds gap signs ('-', '.' or '*'); they stay, as unknown bases",
                   record_place(name_, number_, id, record.line));
    }
    // The first records tell what a file holds; later ones are not worth the time.
    constexpr std::uint64_t kSampledRecords = 8;
    if (number_ <= kSampledRecords) sample(record);
  }

  void sample(const Record& record) {
    const LetterCensus census = take_census(record.bases);
    if (census.looks_like_protein()) {
      fail(record.id, record.line,
           fmt::format("looks like protein: {} of its first {} letters (E, F, I, L, P, Q ...) "
                       "code no nucleotide. Give nucleotide sequences.",
                       census.protein_only, census.letters));
    }
    if (census.looks_like_rna() && !warned_rna_) {
      warned_rna_ = true;
      log_.warning(
          "{}: looks like RNA; U is not read as T, so its codons are not translated. "
          "Replace U by T.",
          record_place(name_, number_, record.id, record.line));
    }
  }

  std::uint64_t number_;  // of the last record within the file
  const std::uint64_t lines_before_;
  std::uint64_t offset_ = 0;
  TextInput text_;
  std::string name_;
  Log log_;
  TextStream stream_;
  std::unique_ptr<kseq_t, KseqDeleter> parser_;
  Kind kind_ = Kind::kUnknown;
  std::string last_id_;
  std::uint64_t last_line_ = 0;
  bool warned_gaps_ = false;
  bool warned_rna_ = false;
};

}  // namespace

std::unique_ptr<RecordSource> open_text_source(InputFile input, Log log) {
  return std::make_unique<TextSource>(std::move(input), std::move(log));
}

}  // namespace virnucpro
