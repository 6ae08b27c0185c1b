// Tables of our own, read by the names of their columns.
#include "figures/table_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/errors.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

class TableReaderTest : public testing::Test {
 protected:
  std::string table(const std::string& text) {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "/table_reader_" + info->name() + ".tsv";
    std::ofstream(path_) << text;
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string error_of(const std::string& text) {
    try {
      TableReader reader(table(text), {"n", "p"});
      while (reader.next()) {
        static_cast<void>(reader.whole(0));
        static_cast<void>(reader.number(1));
      }
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

 private:
  std::string path_;
};

TEST_F(TableReaderTest, FindsColumnsInAnyOrder) {
  TableReader reader(table("p\tother\tn\n0.5\tx y\t7\nNA\t\t8\n"), {"n", "p", "other"});
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.whole(0), 7u);
  EXPECT_EQ(reader.number(1), 0.5);
  EXPECT_EQ(reader.text(2), "x y");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.number(1), std::nullopt);
  EXPECT_EQ(reader.text(2), "");
  EXPECT_FALSE(reader.next());
}

TEST_F(TableReaderTest, NamesFileLineAndWhatIsWrong) {
  EXPECT_THAT(error_of(""), HasSubstr("line 1: expected a head with names of columns"));
  EXPECT_THAT(error_of("n\tq\n"), HasSubstr("line 1: expected a column 'p'"));
  EXPECT_THAT(error_of("n\tp\n1\n"),
              HasSubstr("line 2: expected 2 fields as in the head, found 1"));
  EXPECT_THAT(error_of("n\tp\n1\t0.5\nx\t1\n"),
              HasSubstr("line 3: expected a whole number as n, found 'x'"));
  EXPECT_THAT(error_of("n\tp\n1\tnan\n"),
              HasSubstr("line 2: expected a number or NA as p, found 'nan'"));
  EXPECT_THAT(error_of("n\tp\n1\t0.5"), "") << "the last line may lack its end";
}

}  // namespace
}  // namespace virnucpro
