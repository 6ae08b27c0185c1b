// Uses zlib rather than htslib's BGZF reader, which gives an error for zeros after the last member,
// and then nothing of the text before them.
#include "sequence/decompressor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "base/format.h"
#include "sequence/bgzf.h"

namespace virnucpro {
namespace {

constexpr std::size_t kRawBytes = std::size_t{1} << 16;  // the largest block of BGZF
constexpr char kFirstOfMember = '\x1f';

std::string system_problem() {
  return fmt::format("the system could not read the file ({})",
                     std::strerror(errno != 0 ? errno : EIO));
}

/// The damage that zlib's words stand for.
std::string damage(const char* zlib_says) {
  const std::string_view says = zlib_says == nullptr ? "" : zlib_says;
  if (says == "incorrect data check" || says == "incorrect length check") {
    return "the checksum of a compressed block is wrong";
  }
  if (says == "incorrect header check" || says.starts_with("header") ||
      says.starts_with("unknown")) {
    return "a compressed block has a damaged header";
  }
  return "the compressed data are damaged";
}

}  // namespace

Decompressor::Decompressor(InputFile input, Log log)
    : name_(std::move(input.name)), log_(std::move(log)), stream_(std::move(input.stream)) {
  std::string begin(kBgzfHeaderBytes, '\0');
  const ssize_t got = hpeek(stream_.get(), begin.data(), begin.size());
  begin.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  is_compressed_ = begin.starts_with("\x1f\x8b");
  if (!is_compressed_) return;
  raw_.resize(kRawBytes);
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&inflater_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  if (is_bgzf_header(begin) && lacks_bgzf_end(input.tail)) warn_of_no_end_block();
}

Decompressor::~Decompressor() {
  if (is_compressed_) inflateEnd(&inflater_);
}

std::size_t Decompressor::read(char* out, std::size_t size) {
  if (ended_ || !problem_.empty()) return 0;
  if (!is_compressed_) {
    errno = 0;
    const ssize_t got = hread(stream_.get(), out, size);
    if (got < 0) return fail(system_problem());
    ended_ = got == 0;
    return static_cast<std::size_t>(got);
  }
  inflater_.next_out = reinterpret_cast<Bytef*>(out);
  inflater_.avail_out = static_cast<uInt>(std::min(size, kRawBytes));
  const uInt wanted = inflater_.avail_out;
  for (;;) {
    const bool has_input = inflater_.avail_in > 0 || refill();
    if (!problem_.empty()) return 0;
    if (!in_member_ && !(has_input && begin_member())) return 0;
    const int result = inflate(&inflater_, Z_NO_FLUSH);
    const std::size_t made = wanted - inflater_.avail_out;
    if (result == Z_STREAM_END) {
      end_member();
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (made == 0 && result != Z_OK && result != Z_BUF_ERROR) {
      return fail(damage(inflater_.msg));
    } else if (made == 0 && !has_input) {
      return fail("the compressed data end early");
    }
    if (made > 0) return made;
  }
}

bool Decompressor::refill() {
  errno = 0;
  const ssize_t got = hread(stream_.get(), raw_.data(), raw_.size());
  if (got < 0) fail(system_problem());
  inflater_.next_in = reinterpret_cast<Bytef*>(raw_.data());
  inflater_.avail_in = got < 0 ? 0 : static_cast<uInt>(got);
  if (got == 0 && !in_member_) end();
  return got > 0;
}

/// Begins the next member; false when there is none.
bool Decompressor::begin_member() {
  const char first = static_cast<char>(*inflater_.next_in);
  if (first == '\0' && is_padding()) {
    log_.warning("{}: zeros follow the compressed data; they are passed over", name_);
    end();
    return false;
  }
  if (first != kFirstOfMember || inflateReset(&inflater_) != Z_OK) {
    fail("bytes that are no gzip data follow the compressed data");
    return false;
  }
  header_ = {};
  header_.extra = extra_.data();
  header_.extra_max = static_cast<uInt>(extra_.size());
  inflateGetHeader(&inflater_, &header_);
  in_member_ = true;
  return true;
}

/// True when only zeros are left, with which tapes and some disks pad files; reads them.
bool Decompressor::is_padding() {
  do {
    const Bytef* end = inflater_.next_in + inflater_.avail_in;
    if (std::any_of(static_cast<const Bytef*>(inflater_.next_in), end,
                    [](Bytef byte) { return byte != 0; })) {
      return false;
    }
  } while (refill());
  return problem_.empty();
}

void Decompressor::end_member() {
  in_member_ = false;
  const auto size = std::min<std::size_t>(header_.extra_len, extra_.size());
  const bool is_block = header_.done == 1 && header_.extra != nullptr &&
                        has_bgzf_field({reinterpret_cast<const char*>(extra_.data()), size});
  ended_in_block_ = is_block && inflater_.total_out > 0;
}

void Decompressor::end() {
  if (ended_) return;
  ended_ = true;
  if (ended_in_block_) warn_of_no_end_block();
}

std::size_t Decompressor::fail(std::string problem) {
  problem_ = std::move(problem);
  return 0;
}

void Decompressor::warn_of_no_end_block() {
  if (!warned_) log_.warning("{}", no_bgzf_end_warning(name_));
  warned_ = true;
}

}  // namespace virnucpro
