// Lines of text files, plain and compressed.
#include "sequence/line_reader.h"

#include "unit/sequence/test_files.h"

namespace virnucpro::test {
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

TEST_F(Lines, MayEndInCarriageReturnsAloneWhereverABufferEnds) {
  EXPECT_THAT(lines_of(write("mac", "one\r\rthree\rlast")),
              ElementsAre("one", "", "three", "last"));
  // The "\n" of a "\r\n" comes after the head of 65536 bytes; it is no second line end.
  for (const std::size_t size : {65'536U, 65'537U, 131'072U}) {
    const std::string line(size - 6, 'x');
    EXPECT_THAT(lines_of(write("split", "head\r" + line + "\r\nb\rc\r\n")),
                ElementsAre("head", line, "b", "c"))
        << size;
  }
}

TEST_F(Lines, KeepCarriageReturnsWithinThem) {
  EXPECT_THAT(lines_of(write("a", "one\rmore\ntwo\r\n")), ElementsAre("one\rmore", "two"));
  EXPECT_THAT(lines_of(write("twice", "one\r\r\n\r\r\ntwo")), ElementsAre("one", "", "two"));
}

TEST_F(Lines, ComeWithoutAByteOrderMark) {
  const std::string mark = "\xef\xbb\xbf";
  EXPECT_THAT(lines_of(write("a", mark + "one\n" + mark + "two\n")),
              ElementsAre("one", mark + "two"));
  EXPECT_THAT(lines_of(compress("b", mark + "one", "wg")), ElementsAre("one"));
  EXPECT_THAT(lines_of(write("c", mark)), IsEmpty());
}

TEST_F(Lines, OfWhatIsNoTextAreAnErrorThatNamesIt) {
  const std::string utf16("\xff\xfei\0d\0\t\0", 8);
  const std::string file = write("utf16", utf16);
  EXPECT_EQ(error_of(file), file +
                                ": is text in UTF-16, expected UTF-8 or ASCII. Convert it: iconv "
                                "-f UTF-16 -t UTF-8 FILE > NEW_FILE");
  EXPECT_THAT(error_of(compress("gz", utf16, "wg")), HasSubstr("is text in UTF-16"));
  const std::string zip = write("labels.zip", "PK\x03\x04xxxx");
  EXPECT_EQ(error_of(zip), zip + ": is a zip archive; expected text. Unpack it first: unzip FILE");
}

}  // namespace
}  // namespace virnucpro::test
