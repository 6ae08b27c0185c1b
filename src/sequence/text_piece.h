// A part of a text file that can be read without what comes before it, plain or compressed.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace virnucpro {

/// Where the bytes of a text file can be picked up in the middle.
struct TextPlace {
  std::uint64_t begin = 0;  ///< byte of the file
  std::uint32_t bits = 0;   ///< how many high bits of that byte belong to it; 0: it is whole
  bool is_gzip = false;
  /// Within a member of gzip: the text before it, at most 32 KiB, which deflate refers to.
  bool is_in_member = false;
  std::string window;
  std::uint64_t text = 0;  ///< bytes of text before it
};

/// TextPiece::text_bytes of the last piece of a file.
inline constexpr std::uint64_t kRestOfText = std::numeric_limits<std::uint64_t>::max();

/// Records of a text file: the bytes of the file that hold them, and what they must be.
struct TextPiece {
  TextPlace place;
  std::uint64_t end = 0;         ///< of the bytes of the file
  std::uint64_t skip = 0;        ///< text between the place and the first record
  std::uint64_t text_bytes = 0;  ///< of the records
  std::uint64_t first_record = 0;
  std::uint64_t records = 0;
  std::uint64_t first_line = 0;  ///< lines of the file before it
  std::string sha256;            ///< of the bytes [place.begin, end) of the file
  /// The begin of the file, such as the header of SAM and BAM, which comes before the records;
  /// null: they need none.
  std::shared_ptr<const TextPiece> head;
};

/// A place from which the text from some byte on can be read, and where the text before that byte
/// ends.
struct TextCut {
  TextPlace place;
  std::uint64_t end_before = 0;  ///< byte of the file
};

/// For bytes of the text, in ascending order. Reads the file once. Throws InputError for one that
/// cannot be read or decompressed, or ends earlier; Interrupted.
std::vector<TextCut> find_cuts(const std::string& path, const std::vector<std::uint64_t>& text,
                               const std::stop_token& stop = {});

/// The hash of the bytes [begin, end) of a file. Throws InputError, also where it is shorter;
/// Interrupted.
std::string hash_of_range(const std::string& path, std::uint64_t begin, std::uint64_t end,
                          const std::stop_token& stop = {});

/// Turns the bytes of a piece into its text. One use, one thread.
class PieceReader {
 public:
  using Take = std::function<void(std::span<const std::byte> text)>;

  /// `take` gets the text of the records, in pieces.
  PieceReader(const TextPiece& piece, Take take);
  ~PieceReader();
  PieceReader(const PieceReader&) = delete;
  PieceReader& operator=(const PieceReader&) = delete;

  /// The next bytes of the file. False: they are not those that the piece was planned with.
  bool put(std::span<const std::byte> bytes);
  /// True when all of the text was taken.
  bool is_complete() const { return left_ == 0 || piece_.text_bytes == kRestOfText; }

 private:
  void pass(std::span<const std::byte> text);

  const TextPiece& piece_;
  const Take take_;
  std::uint64_t skip_;
  std::uint64_t left_;
  z_stream inflater_{};
  bool is_raw_;  ///< within the first member, whose beginning is elsewhere
  bool is_begun_ = false;
  bool at_member_;  ///< the next byte begins a member, or padding
  bool is_padding_ = false;
  std::size_t trailer_ = 0;  ///< bytes of a raw member's end that are still to come
  std::vector<std::byte> out_;
};

}  // namespace virnucpro
