// Folders in place of files and files in place of folders, in every command: the message names the
// path and the right kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/stored_runs.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;

class Paths : public StoredRunTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    write("a.fa", fasta(open_records(4, 100)));
    write("labels.tsv", "id\tlabel\nr0\tvirus\nr1\tother\n");
    std::filesystem::create_directory(path("folder"));
  }

  void expect_error(const std::vector<std::string>& arguments, int exit_code,
                    const std::string& message) const {
    EXPECT_EQ(last_line(error_of(arguments, exit_code)), "virnucpro: error: " + message);
  }
};

TEST_F(Paths, OfARunAreThoseOfItsFolder) {
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "-t", "1", "-o", "out"}), 0));
  write("notes.txt", "x");
  const std::vector<std::vector<std::string>> commands = {
      {"report"},
      {"merge", "-o", "whole"},
      {"merge", "out", "-o", "whole"},
      {"evaluate", "--labels", "labels.tsv"},
      {"calibrate", "--labels", "labels.tsv", "-o", "made"}};
  for (std::vector<std::string> command : commands) {
    command.push_back("out/run.db");
    expect_error(command, 2, "out/run.db: is the database of a run; name its folder: out");
    command.back() = "notes.txt";
    expect_error(command, 2, "notes.txt: is a file; name the output folder of a run.");
    command.back() = "folder";
    expect_error(command, 2,
                 "folder: there is no run.db in this folder. Name the output folder of a run.");
  }
  EXPECT_THAT(error_of({"train", "out/run.db", "--labels", "labels.tsv", "-o", "made"}, 2),
              HasSubstr("For a finished run name its folder"));
  EXPECT_FALSE(exists("whole"));
  EXPECT_FALSE(exists("made"));
}

TEST_F(Paths, OfTablesAndSettingsAreThoseOfFiles) {
  const std::string labels = "folder: is a folder; expected a table of labels (--labels).";
  expect_error({"evaluate", "out", "--labels", "folder"}, 2, labels);
  expect_error({"calibrate", "out", "--labels", "folder", "-o", "made"}, 2, labels);
  expect_error({"dataset", "a.fa", "--labels", "folder", "-o", "made"}, 2, labels);
  expect_error({"train", "a.fa", "--labels", "folder", "-o", "made"}, 2, labels);
  expect_error({"train", "a.fa", "--labels", "labels.tsv", "--frames", "folder", "-o", "made"}, 2,
               "folder: is a folder; expected a table of frames (--frames).");
  const std::string settings = "folder: is a folder; expected a settings file (--config).";
  expect_error({"predict", "a.fa", "--config", "folder", "-o", "x"}, 2, settings);
  expect_error({"embed", "a.fa", "--config", "folder", "-o", "x"}, 2, settings);
  expect_error({"train", "a.fa", "--labels", "labels.tsv", "--config", "folder", "-o", "made"}, 2,
               settings);
  EXPECT_FALSE(exists("made"));
}

TEST_F(Paths, OfModelsSayWhatTheyAre) {
  ASSERT_TRUE(
      ends_with(run({"predict", "a.fa", "-q", "-t", "1", "--keep-embeddings", "-o", "out"}), 0));
  const std::string bundle = "; expected an embedded bundle or the folder of a bundle.";
  const std::string empty =
      "folder: there is no bundle.json in this folder; expected the folder of a bundle.";
  expect_error({"predict", "a.fa", "--bundle", "none", "-o", "x"}, 3,
               "none: there is no such folder" + bundle);
  expect_error({"embed", "a.fa", "--bundle", "a.fa", "-o", "x"}, 3, "a.fa: is a file" + bundle);
  expect_error({"models", "info", "folder"}, 3, empty);
  expect_error({"report", "out", "--classifier", "folder", "-o", "x"}, 3, empty);
  const std::string parts = VIRNUCPRO_TEST_DATA "/parity/pipeline/";
  expect_error({"predict", "a.fa", "-o", "x", "--dnabert", parts + "dnabert_s", "--esm2",
                parts + "esm2.pt", "--classifier", "folder"},
               3, "folder: is a folder; expected the file of a classifier.");
  expect_error({"predict", "a.fa", "-o", "x", "--dnabert", "a.fa", "--esm2", parts + "esm2.pt",
                "--classifier", parts + "classifier.pth"},
               3, "a.fa: is a file; expected the folder of DNABERT-S.");
}

TEST_F(Paths, OfTemporaryFilesAreNamedWithTheirVariable) {
  const ProgramResult result =
      run({.arguments = {"bench", "a.fa"}, .variables = {{"TMPDIR", "/no_such_folder"}}});
  EXPECT_TRUE(ends_with(result, 74));
  EXPECT_EQ(last_line(result.err),
            "virnucpro: error: /no_such_folder: no temporary folder can be made there (TMPDIR): No "
            "such file or directory. Name a folder that can be written to with TMPDIR.");
}

}  // namespace
}  // namespace virnucpro::test
