// Picks up deflate in the middle as zlib's documentation describes it: at the boundary of a block,
// with the text before.
#include "sequence/text_piece.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>

#include "base/descriptor.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/read_input.h"
#include "base/sha256.h"
#include "base/stop.h"

namespace virnucpro {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 16;
constexpr std::size_t kWindowBytes = std::size_t{1} << 15;  // of deflate
/// Text between two places: as much is decompressed in vain before a piece, some milliseconds.
constexpr std::uint64_t kSpacing = std::uint64_t{1} << 20;
constexpr int kGzip = 16 + MAX_WBITS;
constexpr std::size_t kTrailerBytes = 8;  // of a member of gzip
// What inflate says in data_type when it has stopped behind a block, and when that was the last.
constexpr int kBehindBlock = 128;
constexpr int kLastBlock = 64;
constexpr int kBitsMask = 7;

[[noreturn]] void fail(const std::string& path, const char* problem) {
  throw InputError(
      fmt::format("{}: {}. The file may be cut or damaged; copy it again.", path, problem));
}

/// Decompresses a gzip file and notes where it can be picked up.
class CutFinder {
 public:
  CutFinder(const std::string& path, const std::vector<std::uint64_t>& wanted)
      : path_(path), wanted_(wanted), window_(kWindowBytes) {
    if (inflateInit2(&inflater_, kGzip) != Z_OK) throw std::bad_alloc();
    last_ = place(false);
  }
  ~CutFinder() { inflateEnd(&inflater_); }
  CutFinder(const CutFinder&) = delete;
  CutFinder& operator=(const CutFinder&) = delete;

  void put(std::span<const std::byte> bytes) {
    inflater_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    inflater_.avail_in = static_cast<uInt>(bytes.size());
    while (inflater_.avail_in > 0 && !is_done()) step();
  }
  bool is_done() const { return cuts_.size() == wanted_.size() || is_padding_; }

  std::vector<TextCut> finish() {
    if (cuts_.size() < wanted_.size()) fail(path_, "the compressed data end early");
    return std::move(cuts_);
  }

 private:
  void step() {
    if (at_member_ && *inflater_.next_in == 0) {
      is_padding_ = true;
      return;
    }
    at_member_ = false;
    if (fill_ == window_.size()) fill_ = 0;
    inflater_.next_out = reinterpret_cast<Bytef*>(&window_[fill_]);
    inflater_.avail_out = static_cast<uInt>(window_.size() - fill_);
    const uInt in = inflater_.avail_in;
    const uInt room = inflater_.avail_out;
    const int result = inflate(&inflater_, Z_BLOCK);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    const std::size_t made = room - inflater_.avail_out;
    const std::size_t used = in - inflater_.avail_in;
    if (result != Z_OK && result != Z_STREAM_END && !(result == Z_BUF_ERROR && (made + used) > 0)) {
      fail(path_, "the compressed data are damaged");
    }
    position_ += used;
    text_ += made;
    fill_ += made;
    while (cuts_.size() < wanted_.size() && wanted_[cuts_.size()] <= text_) {
      cuts_.push_back({*last_, position_});
    }
    if (result == Z_STREAM_END) {
      inflateReset(&inflater_);
      at_member_ = true;
      last_ = place(false);
    } else if ((inflater_.data_type & kBehindBlock) != 0 &&
               (inflater_.data_type & kLastBlock) == 0 && text_ >= last_->text + kSpacing) {
      last_ = place(true);
    }
  }

  TextPlace place(bool in_member) const {
    TextPlace here;
    here.is_gzip = true;
    here.text = text_;
    here.begin = position_;
    here.is_in_member = in_member;
    if (!in_member) return here;
    here.bits = static_cast<std::uint32_t>(inflater_.data_type & kBitsMask);
    if (here.bits > 0) --here.begin;
    const std::size_t older = text_ < kWindowBytes ? 0 : kWindowBytes - fill_;
    if (older > 0)
      here.window.assign(window_.end() - static_cast<std::ptrdiff_t>(older), window_.end());
    here.window.append(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(fill_));
    return here;
  }

  const std::string& path_;
  const std::vector<std::uint64_t>& wanted_;
  std::vector<char> window_;  // a ring
  std::size_t fill_ = 0;
  z_stream inflater_{};
  std::uint64_t position_ = 0;
  std::uint64_t text_ = 0;
  bool at_member_ = true;
  bool is_padding_ = false;
  std::optional<TextPlace> last_;
  std::vector<TextCut> cuts_;
};

}  // namespace

std::vector<TextCut> find_cuts(const std::string& path, const std::vector<std::uint64_t>& text,
                               const std::stop_token& stop) {
  const Descriptor file = open_to_read(path, path);
  const auto buffer = std::make_unique<std::array<std::byte, kPieceBytes>>();
  const auto look = [&stop] { throw_if_stopped(stop); };
  std::size_t got = read_some(file, *buffer, path, look);
  const bool is_gzip =
      got >= 2 && (*buffer)[0] == std::byte{0x1f} && (*buffer)[1] == std::byte{0x8b};
  if (!is_gzip) {
    std::vector<TextCut> cuts;
    for (const std::uint64_t offset : text) {
      TextPlace place;
      place.begin = offset;
      place.text = offset;
      cuts.push_back({place, offset});
    }
    return cuts;
  }
  CutFinder finder(path, text);
  while (got > 0 && !finder.is_done()) {
    finder.put(std::span(*buffer).first(got));
    got = read_some(file, *buffer, path, look);
  }
  return finder.finish();
}

std::string hash_of_range(const std::string& path, std::uint64_t begin, std::uint64_t end,
                          const std::stop_token& stop) {
  const Descriptor file = open_to_read(path, path);
  Sha256 hash;
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  while (begin < end) {
    throw_if_stopped(stop);
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - begin));
    const ssize_t got = ::pread(file.get(), buffer.data(), wanted, static_cast<off_t>(begin));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw InputError(fmt::format("{}: cannot be read: {}. Check the path and its permissions.",
                                   path, std::strerror(errno)));
    }
    if (got == 0) fail(path, "it ends early");
    hash.update(std::span(buffer).first(static_cast<std::size_t>(got)));
    begin += static_cast<std::uint64_t>(got);
  }
  return hash.finish();
}

PieceReader::PieceReader(const TextPiece& piece, Take take)
    : piece_(piece),
      take_(std::move(take)),
      skip_(piece.skip),
      left_(piece.text_bytes),
      is_raw_(piece.place.is_in_member),
      at_member_(!piece.place.is_in_member) {
  if (!piece.place.is_gzip) return;
  out_.resize(kPieceBytes);
  if (inflateInit2(&inflater_, is_raw_ ? -MAX_WBITS : kGzip) != Z_OK) throw std::bad_alloc();
}

PieceReader::~PieceReader() {
  if (piece_.place.is_gzip) inflateEnd(&inflater_);
}

bool PieceReader::put(std::span<const std::byte> bytes) {
  if (!piece_.place.is_gzip) {
    pass(bytes);
    return true;
  }
  if (is_raw_ && !is_begun_ && !bytes.empty()) {
    if (piece_.place.bits > 0) {
      const auto bits = static_cast<int>(piece_.place.bits);
      inflatePrime(&inflater_, bits, std::to_integer<int>(bytes[0]) >> (8 - bits));
      bytes = bytes.subspan(1);
    }
    const std::string& window = piece_.place.window;
    if (inflateSetDictionary(&inflater_, reinterpret_cast<const Bytef*>(window.data()),
                             static_cast<uInt>(window.size())) != Z_OK) {
      return false;
    }
  }
  is_begun_ = is_begun_ || !bytes.empty();
  inflater_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  inflater_.avail_in = static_cast<uInt>(bytes.size());
  while (left_ > 0) {
    if (trailer_ > 0) {
      const auto skipped = static_cast<uInt>(std::min<std::size_t>(trailer_, inflater_.avail_in));
      inflater_.next_in += skipped;
      inflater_.avail_in -= skipped;
      trailer_ -= skipped;
      if (trailer_ > 0) return true;
      if (inflateReset2(&inflater_, kGzip) != Z_OK) return false;
      at_member_ = true;
    }
    // As the reader of whole files, which has read this one to its end.
    if (at_member_ && inflater_.avail_in > 0 && *inflater_.next_in == 0) is_padding_ = true;
    if (is_padding_) return true;
    if (inflater_.avail_in > 0) at_member_ = false;
    const uInt before = inflater_.avail_in;
    inflater_.next_out = reinterpret_cast<Bytef*>(out_.data());
    inflater_.avail_out = static_cast<uInt>(out_.size());
    const int result = inflate(&inflater_, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    const std::size_t made = out_.size() - inflater_.avail_out;
    pass(std::span(out_).first(made));
    if (result == Z_STREAM_END) {
      if (is_raw_) {
        is_raw_ = false;
        trailer_ = kTrailerBytes;
      } else {
        inflateReset(&inflater_);
        at_member_ = true;
      }
      if (inflater_.avail_in == 0) return true;
      continue;
    }
    if (result != Z_OK && result != Z_BUF_ERROR) return false;
    if (made == 0 && inflater_.avail_in == before) return inflater_.avail_in == 0;
    if (inflater_.avail_in == 0 && inflater_.avail_out > 0) return true;
  }
  return true;
}

void PieceReader::pass(std::span<const std::byte> text) {
  const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, text.size()));
  skip_ -= skipped;
  text = text.subspan(skipped);
  text = text.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, text.size())));
  left_ -= text.size();
  if (!text.empty()) take_(text);
}

}  // namespace virnucpro
