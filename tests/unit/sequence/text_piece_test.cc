// Pieces of text files: joined, they are the whole text, however it is compressed and wherever it
// is cut.
#include "sequence/text_piece.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/sha256.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

/// Reads of four letters, enough for several blocks of deflate and places.
std::string text_of(std::size_t bytes) {
  std::mt19937 random(3);
  std::string text;
  while (text.size() < bytes) {
    text += "@read" + std::to_string(text.size()) + "\n";
    for (int i = 0; i < 150; ++i) text += "ACGT"[random() % 4];
    text += "\n+\n" + std::string(150, 'F') + "\n";
  }
  return text;
}

/// One member of gzip.
std::string member_of(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string bytes(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

class TextPieces : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& bytes) {
    const std::string path = folder_ + "/file";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  /// The text of the piece between two cuts; `bytes` are those of the file.
  static std::string read(const std::string& bytes, const TextPiece& piece) {
    std::string text;
    PieceReader reader(piece, [&](std::span<const std::byte> part) {
      text.append(reinterpret_cast<const char*>(part.data()), part.size());
    });
    const auto all = std::as_bytes(std::span(bytes));
    // Portions of odd sizes.
    for (std::uint64_t at = piece.place.begin; at < piece.end;) {
      const std::uint64_t size = std::min<std::uint64_t>(1 + at % 7777, piece.end - at);
      EXPECT_TRUE(reader.put(all.subspan(at, size)));
      at += size;
    }
    EXPECT_TRUE(reader.is_complete());
    return text;
  }

  /// Cuts the file at `cuts` (the first is 0) and reads all pieces.
  void expect_whole(const std::string& text, const std::string& bytes,
                    const std::vector<std::uint64_t>& cuts) {
    const std::string path = write(bytes);
    const std::vector<TextCut> found = find_cuts(path, cuts);
    ASSERT_EQ(found.size(), cuts.size());
    std::string joined;
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      TextPiece piece;
      piece.place = found[i].place;
      piece.skip = cuts[i] - piece.place.text;
      const bool is_last = i + 1 == cuts.size();
      piece.end = is_last ? bytes.size() : found[i + 1].end_before;
      piece.text_bytes = is_last ? kRestOfText : cuts[i + 1] - cuts[i];
      const std::string part = read(bytes, piece);
      ASSERT_EQ(part, text.substr(cuts[i], is_last ? std::string::npos : cuts[i + 1] - cuts[i]))
          << "piece " << i;
      joined += part;
    }
    EXPECT_EQ(joined, text);
  }

  // Tests run side by side, each in a process of its own.
  const std::string folder_ = testing::TempDir() + "/text_pieces_" + std::to_string(::getpid());
};

const std::vector<std::uint64_t> kCuts = {0,         1,         70'000,    1'048'575, 1'048'576,
                                          1'048'577, 2'500'001, 2'500'002, 4'000'000};

TEST_F(TextPieces, OfAPlainFileAreItsBytes) {
  const std::string text = text_of(4'100'000);
  expect_whole(text, text, kCuts);
}

TEST_F(TextPieces, OfOneLongMemberOfGzipArePickedUpWithinIt) {
  const std::string text = text_of(4'100'000);
  const std::string bytes = member_of(text);
  expect_whole(text, bytes, kCuts);
  // Not from the beginning, which would be the same text.
  const std::vector<TextCut> cuts = find_cuts(write(bytes), {0, 4'000'000});
  EXPECT_TRUE(cuts[1].place.is_in_member);
  EXPECT_GT(cuts[1].place.text, 2'000'000u);
}

TEST_F(TextPieces, OfManyMembersAndOfPaddingAreTheSame) {
  const std::string text = text_of(4'100'000);
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 65'280) {
    bytes += member_of(std::string_view(text).substr(at, 65'280));
  }
  bytes += member_of("");
  expect_whole(text, bytes, kCuts);
  expect_whole(text, bytes + std::string(100'000, '\0'), kCuts);
  // A long member, and short ones behind it.
  expect_whole(text, member_of(text.substr(0, 2'400'000)) + member_of(text.substr(2'400'000)),
               kCuts);
}

TEST_F(TextPieces, OfOtherBytesAreRefused) {
  const std::string text = text_of(3'000'000);
  const std::string bytes = member_of(text);
  const std::string path = write(bytes);
  EXPECT_THROW(find_cuts(path, {0, 4'000'000}), InputError);  // behind the end
  EXPECT_THROW(hash_of_range(path, 0, bytes.size() + 1), InputError);
  EXPECT_EQ(hash_of_range(path, 10, 1000), sha256_text(bytes.substr(10, 990)));
  // Random bits soon end a block, and hardly ever begin another.
  std::string damaged = bytes;
  std::mt19937 random(4);
  for (std::size_t i = damaged.size() / 2; i < damaged.size() / 2 + 50'000; ++i) {
    damaged[i] = static_cast<char>(random());
  }
  EXPECT_THROW(find_cuts(write(damaged), {0, 2'900'000}), InputError);
}

}  // namespace
}  // namespace virnucpro
