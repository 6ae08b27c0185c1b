#include "sequence/text_input.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "sequence/decompressor.h"
#include "sequence/other_formats.h"

namespace virnucpro {
namespace {

// Enough for the head of a release file before the first entry, and to see how lines end.
constexpr std::size_t kHeadBytes = std::size_t{1} << 16;

}  // namespace

TextInput::TextInput(InputFile input, std::string_view expected, Log log) : name_(input.name) {
  bytes_ = std::make_unique<Decompressor>(std::move(input), std::move(log));
  head_.resize(kHeadBytes);
  std::size_t filled = 0;
  while (filled < kHeadBytes) {
    const std::size_t got = bytes_->read(&head_[filled], kHeadBytes - filled);
    if (got == 0) break;
    filled += got;
  }
  head_.resize(filled);
  const TextBegin begin = look_at_text(head_);
  if (begin.other_encoding != nullptr) {
    throw InputError(fmt::format("{}: {}", name_, other_encoding_problem(begin.other_encoding)));
  }
  if (const OtherFormat other = other_binary_format(head_); !other.what.empty()) {
    throw InputError(fmt::format("{}: is {}; expected {}.{}{}", name_, other.what, expected,
                                 other.advice.empty() ? "" : " ", other.advice));
  }
  head_.erase(0, begin.mark_bytes);
  ends_lines_with_cr_ = begin.ends_lines_with_cr;
  is_verbatim_ = begin.mark_bytes == 0 && !ends_lines_with_cr_;
  if (ends_lines_with_cr_) head_.resize(line_ends_.unify(head_.data(), head_.size()));
}

TextInput::~TextInput() = default;
TextInput::TextInput(TextInput&&) noexcept = default;
TextInput& TextInput::operator=(TextInput&&) noexcept = default;

std::size_t TextInput::read(char* out, std::size_t size) {
  if (taken_ < head_.size()) {
    const std::size_t count = std::min(size, head_.size() - taken_);
    std::memcpy(out, head_.data() + taken_, count);
    taken_ += count;
    if (taken_ == head_.size()) {
      head_ = std::string();  // its memory is not needed any more
      taken_ = 0;
    }
    return count;
  }
  for (;;) {
    const std::size_t got = bytes_->read(out, size);
    if (got == 0 || !ends_lines_with_cr_) return got;
    // Nothing is left of the "\n" of a "\r\n" that came in two pieces.
    if (const std::size_t left = line_ends_.unify(out, got); left > 0) return left;
  }
}

const std::string& TextInput::problem() const { return bytes_->problem(); }

}  // namespace virnucpro
