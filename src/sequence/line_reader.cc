#include "sequence/line_reader.h"

#include <utility>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16;  // a block of BGZF
// No line of text is this long (the longest known protein has 36,000 letters), but binary data may
// have no line end at all.
constexpr std::size_t kLongestLine = std::size_t{1} << 24;

}  // namespace

LineReader::LineReader(const std::string& path, Log log, InputTerms terms)
    : LineReader(open_input(path, std::move(terms)), std::move(log)) {}

LineReader::LineReader(InputFile input, Log log)
    : feed_(std::move(input.feed)), text_(std::move(input), "text", std::move(log)) {
  feed_->check();  // the text may end within its first line
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
  while (!line.empty() && line.back() == '\r') line.pop_back();  // some files have several
  return true;
}

bool LineReader::refill() {
  buffer_.resize(kBufferBytes);
  buffer_.resize(text_.read(buffer_.data(), buffer_.size()));
  position_ = 0;
  if (buffer_.empty() && !text_.problem().empty()) {
    fail(number_ + 1, fmt::format("reading failed: {}. The file may be cut or damaged; copy it "
                                  "again.",
                                  text_.problem()));
  }
  feed_->check();  // bytes that end too early can look like a whole line
  return !buffer_.empty();
}

const KnownFile& LineReader::file() { return feed_->finish(); }

std::string LineReader::message(std::uint64_t number, std::string_view problem) const {
  return fmt::format("{}: line {}: {}", text_.name(), number, problem);
}

void LineReader::fail(std::uint64_t number, std::string_view problem) const {
  feed_->check_refused();
  throw InputError(message(number, problem));
}

}  // namespace virnucpro
