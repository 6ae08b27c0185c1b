// Result files appear whole or not at all.
#include "base/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/errors.h"
#include "unit/report/file_size_limit.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename Function>
std::string output_error(Function&& function) {
  try {
    function();
  } catch (const OutputError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no OutputError";
  return {};
}

TEST(OutputFile, HasItsNameOnlyAfterPublish) {
  TemporaryFolder folder;
  OutputFile file(folder.file("a.tsv"));
  file.write("one\n");
  EXPECT_THAT(folder.names(), ElementsAre("a.tsv.partial"));
  file.finish();
  EXPECT_THAT(folder.names(), ElementsAre("a.tsv.partial"));
  file.publish();
  EXPECT_THAT(folder.names(), ElementsAre("a.tsv"));
  EXPECT_EQ(folder.read("a.tsv"), "one\n");
}

TEST(OutputFile, LeavesTheOlderFileAndNothingElseWhenItIsGivenUp) {
  TemporaryFolder folder;
  folder.write("a.tsv", "old");
  {
    OutputFile file(folder.file("a.tsv"));
    file.write("new");
    file.finish();
  }
  EXPECT_THAT(folder.names(), ElementsAre("a.tsv"));
  EXPECT_EQ(folder.read("a.tsv"), "old");
}

TEST(OutputGroup, GivesNamesTogetherAndRemovesWhatIsWithdrawn) {
  TemporaryFolder folder;
  folder.write("c.tsv", "old");
  OutputFile a(folder.file("a.tsv"));
  OutputFile b(folder.file("b.tsv"));
  OutputFile c(folder.file("c.tsv"));
  OutputGroup group;
  a.write("one");
  group.add(a);
  group.sync();
  b.write("two");
  group.add(b);
  group.add_withdrawn(c);
  EXPECT_THROW(group.publish(), ContractError) << "b is not on the disk";
  group.sync();
  EXPECT_THAT(folder.names(),
              ElementsAre("a.tsv.partial", "b.tsv.partial", "c.tsv", "c.tsv.partial"));
  group.publish();
  EXPECT_THAT(folder.names(), ElementsAre("a.tsv", "b.tsv", "c.tsv.partial"));
  EXPECT_EQ(folder.read("a.tsv"), "one");
  EXPECT_EQ(folder.read("b.tsv"), "two");
}

TEST(OutputFile, ReplacesTheRestOfAKilledRun) {
  TemporaryFolder folder;
  folder.write("a.tsv.partial", "the rest of a run that was killed, longer than the new text");
  OutputFile file(folder.file("a.tsv"));
  file.write("new");
  file.finish();
  file.publish();
  EXPECT_EQ(folder.read("a.tsv"), "new");
}

TEST(OutputFile, WritesMoreThanItsBuffer) {
  TemporaryFolder folder;
  OutputFile file(folder.file("a.tsv"));
  std::string expected;
  for (int i = 0; i < 200'000; ++i) {
    const std::string line = std::to_string(i) + "\n";
    expected += line;
    file.write(line);
  }
  file.finish();
  file.publish();
  EXPECT_EQ(folder.read("a.tsv"), expected);
}

TEST(OutputFile, NamesFileAndReasonWhenTheDiskIsFull) {
  TemporaryFolder folder;
  const std::string message = output_error([&] {
    OutputFile file(folder.file("a.tsv"));
    const FileSizeLimit limit(100'000);
    const std::string line(1000, 'x');
    for (int i = 0; i < 1000; ++i) file.write(line);
    file.finish();
  });
  EXPECT_THAT(message, HasSubstr(folder.file("a.tsv") + ": cannot write: File too large"));
  EXPECT_THAT(message, HasSubstr("run again"));
  EXPECT_TRUE(folder.names().empty());
}

TEST(OutputFile, FailsAtFinishWhenTheLastPieceDoesNotFit) {
  TemporaryFolder folder;
  OutputFile file(folder.file("a.tsv"));
  file.write(std::string(5000, 'x'));
  const FileSizeLimit limit(1000);
  EXPECT_THROW(file.finish(), OutputError);
}

TEST(OutputFile, RefusesASecondRunOnTheSameFile) {
  TemporaryFolder folder;
  OutputFile first(folder.file("a.tsv"));
  first.write("first");
  const std::string message = output_error([&] { OutputFile second(folder.file("a.tsv")); });
  EXPECT_THAT(message, HasSubstr("another run is writing it"));
  first.finish();
  first.publish();
  EXPECT_EQ(folder.read("a.tsv"), "first");
}

TEST(OutputFile, NamesAFolderThatIsMissing) {
  EXPECT_THAT(output_error([] { OutputFile file("/nonexistent/folder/a.tsv"); }),
              HasSubstr("/nonexistent/folder/a.tsv: cannot create: No such file or directory"));
}

TEST(OutputFile, RefusesAFolderOrADeviceOfTheName) {
  TemporaryFolder folder;
  EXPECT_THAT(output_error([&] { OutputFile file(folder.path()); }), HasSubstr("found a folder"));
  EXPECT_THAT(output_error([&] { OutputFile file("/dev/null"); }), HasSubstr("found a device"));
}

TEST(OutputFile, KeepsASymbolicLinkAndReplacesWhatItNames) {
  TemporaryFolder folder;
  folder.write("real.tsv", "old");
  std::filesystem::create_symlink("real.tsv", folder.file("link.tsv"));
  OutputFile file(folder.file("link.tsv"));
  file.write("new");
  file.finish();
  file.publish();
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link.tsv")));
  EXPECT_EQ(folder.read("real.tsv"), "new");
}

TEST(OutputFile, SaysThatItsFolderWasRemoved) {
  TemporaryFolder folder;
  make_result_folder(folder.file("sub/results"));
  OutputFile file(folder.file("sub/results/a.tsv"));
  std::filesystem::remove_all(folder.file("sub"));
  file.finish();
  EXPECT_THAT(output_error([&] { file.publish(); }), HasSubstr("has gone"));
}

}  // namespace
}  // namespace virnucpro
