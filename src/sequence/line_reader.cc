#include "sequence/line_reader.h"

#include <utility>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16;  // a block of BGZF
// No line of text is so long (the longest known protein has 36,000 letters), but binary data may
// have no line end at all.
constexpr std::size_t kLongestLine = std::size_t{1} << 24;

BgzfFile open_text(InputFile input) {
  BgzfFile file(bgzf_hopen(input.stream.get(), "r"));
  if (!file) throw InputError(fmt::format("{}: cannot be read: out of memory.", input.name));
  static_cast<void>(input.stream.release());  // owned by `file` from here
  return file;
}

}  // namespace

LineReader::LineReader(const std::string& path) {
  InputFile input = open_input(path);
  name_ = input.name;
  file_ = open_text(std::move(input));
}

bool LineReader::next(std::string& line) {
  line.clear();
  if (position_ == buffer_.size() && !refill()) return false;
  ++number_;
  for (;;) {
    const std::size_t end = buffer_.find('\n', position_);
    line.append(buffer_, position_, end - position_);
    if (line.size() > kLongestLine) {
      fail(number_, "is longer than any line of text; the file is damaged or not text.");
    }
    position_ = end == std::string::npos ? buffer_.size() : end + 1;
    if (end != std::string::npos || !refill()) break;
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

bool LineReader::refill() {
  buffer_.resize(kBufferBytes);
  const ssize_t got = bgzf_read(file_.get(), buffer_.data(), buffer_.size());
  if (got < 0) {  // -1 is the only one documented
    fail(number_ + 1, fmt::format("reading failed: {}. The file may be cut or damaged; copy it "
                                  "again.",
                                  bgzf_problem(*file_)));
  }
  buffer_.resize(static_cast<std::size_t>(got));
  position_ = 0;
  if (got == 0) check_ended(*file_, fmt::format("{}: line {}", name_, number_));
  return got > 0;
}

void LineReader::fail(std::uint64_t number, std::string_view problem) const {
  throw InputError(fmt::format("{}: line {}: {}", name_, number, problem));
}

bool begins_with(const std::string& path, std::string_view text) {
  const BgzfFile file = open_text(open_input(path));
  std::string begin(text.size(), '\0');
  // A file that cannot be read is left to its reader, which says why.
  const ssize_t got = bgzf_read(file.get(), begin.data(), begin.size());
  return got == static_cast<ssize_t>(text.size()) && begin == text;
}

}  // namespace virnucpro
