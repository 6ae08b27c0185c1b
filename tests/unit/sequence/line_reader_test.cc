// Lines of text files, plain and compressed.
#include "sequence/line_reader.h"

#include "unit/sequence/test_files.h"

namespace virnucpro::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Lines : public ReaderTest {
 protected:
  static std::vector<std::string> lines_of(const std::string& path) {
    LineReader reader(path);
    std::vector<std::string> lines;
    for (std::string line; reader.next(line);) {
      lines.push_back(line);
      EXPECT_EQ(reader.number(), lines.size());
    }
    return lines;
  }
  static std::string error_of(const std::string& path) {
    try {
      lines_of(path);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
};

TEST_F(Lines, ComeWithoutTheirEndsWhateverTheCompression) {
  const std::string text = "one\r\n\n  two\nlast";
  const auto expected = ElementsAre("one", "", "  two", "last");
  EXPECT_THAT(lines_of(write("a", text)), expected);
  EXPECT_THAT(lines_of(compress("b", text, "wg")), expected);
  EXPECT_THAT(lines_of(compress("c", text, "w")), expected);
  EXPECT_THAT(lines_of(write("d", "")), IsEmpty());
  EXPECT_THAT(lines_of(write("e", "\n")), ElementsAre(""));
}

TEST_F(Lines, MayBeLongerThanTheBuffer) {
  std::vector<std::string> expected;
  std::string text;
  for (const std::size_t length : {65'534U, 65'535U, 65'536U, 65'537U, 1U, 200'000U}) {
    expected.emplace_back(length, 'x');
    text += expected.back() + "\r\n";
  }
  EXPECT_EQ(lines_of(write("long", text)), expected);
}

TEST_F(Lines, OfAnEndlessLineOrACutFileAreAnError) {
  EXPECT_THAT(error_of(write("endless", std::string((1U << 24) + 1, 'x'))),
              HasSubstr("endless: line 1: is longer than any line of text"));
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += std::to_string(i * 7919) + "\n";
  const std::string gzip = file_bytes(compress("whole", text, "wg"));
  EXPECT_THAT(error_of(write("cut", gzip.substr(0, gzip.size() - 20))),
              HasSubstr("reading failed: "));
  EXPECT_THAT(error_of(path("absent")), HasSubstr("absent: cannot be read"));
}

TEST_F(Lines, BeginsWithLooksIntoCompressedFiles) {
  EXPECT_TRUE(begins_with(write("a", "LOCUS x"), "LOCUS"));
  EXPECT_TRUE(begins_with(compress("b", "LOCUS x", "wg"), "LOCUS"));
  EXPECT_FALSE(begins_with(write("c", "LOCU"), "LOCUS"));
  EXPECT_FALSE(begins_with(write("d", ""), "LOCUS"));
  EXPECT_FALSE(begins_with(write("e", ">LOCUS"), "LOCUS"));
}

}  // namespace
}  // namespace virnucpro::testing
