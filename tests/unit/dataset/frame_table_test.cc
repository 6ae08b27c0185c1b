// Tables of frames that count.
#include "dataset/frame_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/errors.h"

namespace virnucpro {
namespace {

class FrameTables : public testing::Test {
 protected:
  void SetUp() override {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    path_ =
        (std::filesystem::temp_directory_path() / (std::string("frames_") + test->name() + ".tsv"))
            .string();
  }
  void TearDown() override { std::filesystem::remove(path_); }

  FrameTable read(const std::string& text) const {
    std::ofstream(path_, std::ios::binary) << text;
    return read_frame_table(path_);
  }

  std::string error_of(const std::string& text) const {
    try {
      read(text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

  std::string path_;
};

TEST_F(FrameTables, GatherTheFramesOfARecord) {
  const FrameTable table = read("id\tframe\r\na:0-500\tF1\nb\tR3\r\n\na:0-500\tR1\na:0-500\tF1\n");
  ASSERT_EQ(table.frames.size(), 2u);
  FrameMask first;
  first.insert(Frame::kF1);
  first.insert(Frame::kR1);
  FrameMask second;
  second.insert(Frame::kR3);
  EXPECT_EQ(table.frames.at("a:0-500"), first);
  EXPECT_EQ(table.frames.at("b"), second);
}

TEST_F(FrameTables, OfPeopleMayHaveAMarkBlankLinesAndReturns) {
  const std::string mark = "\xef\xbb\xbf";
  for (const std::string& text :
       {mark + "id\tframe\r\na\tF1\r\n", std::string("\n\nid\tframe\n\na\tF1\n"),
        mark + "\rid\tframe\ra\tF1\r", std::string("id\tframe\na\tF1")}) {
    const FrameTable table = read(text);
    ASSERT_EQ(table.frames.size(), 1u) << text;
    EXPECT_TRUE(table.frames.at("a").contains(Frame::kF1)) << text;
  }
  EXPECT_THAT(error_of(std::string("\xff\xfei\0d\0", 6)), testing::HasSubstr("UTF-16"));
}

TEST_F(FrameTables, NameTheLineThatIsWrong) {
  EXPECT_THAT(error_of(""), testing::HasSubstr("the table is empty"));
  EXPECT_THAT(error_of("frame\tid\nF1\ta\n"), testing::HasSubstr("line 1: expected a head"));
  EXPECT_THAT(error_of("id\tframe\na\tF1\nb\tF4\n"), testing::HasSubstr("line 3: expected an id"));
  EXPECT_THAT(error_of("id\tframe\na\n"), testing::HasSubstr("line 2: expected an id"));
  EXPECT_THAT(error_of("id\tframe\na\tF1\tF2\n"), testing::HasSubstr("line 2: expected an id"));
  EXPECT_THAT(error_of("id\tframe\n"), testing::HasSubstr("found none"));
}

}  // namespace
}  // namespace virnucpro
