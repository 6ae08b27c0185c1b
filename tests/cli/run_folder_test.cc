// The folder of a run: what a run without results leaves of it, and who may read its files.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;

class RunFolder : public CliTest {
 protected:
  /// The command fails, leaves nothing, and the right one works in the same folder.
  void expect_no_trace(const ProgramCall& call, int exit_code) const {
    ASSERT_TRUE(ends_with(run(call), exit_code));
    EXPECT_FALSE(fs::exists(path("deep")));
    expect_free();
  }
  void expect_free() const {
    ASSERT_TRUE(ends_with(run({"predict", "right.fa", "-o", "deep/er/out"}), 0));
    EXPECT_EQ(read("deep/er/out/contigs.tsv"), read("expected/contigs.tsv"));
    fs::remove_all(path("deep"));
  }
  void SetUp() override {
    CliTest::SetUp();
    write("right.fa", fasta(open_records(2, 120)));
    ASSERT_TRUE(ends_with(run({"predict", "right.fa", "-o", "expected"}), 0));
  }
};

TEST_F(RunFolder, IsFreeAfterARunThatCouldNotReadItsFirstRecord) {
  write("a.zip", "PK\x03\x04 no sequences");
  write("text.txt", "Dear Sir,\n");
  write("bytes.fa", ">a\nAC\x01GT\n");
  write("cut.fq", "@a\nACGT\n+\n!!\n");
  for (const char* name : {"a.zip", "text.txt", "bytes.fa", "cut.fq", "missing.fa", "."}) {
    SCOPED_TRACE(name);
    expect_no_trace({.arguments = {"predict", name, "-o", "deep/er/out"}}, 2);
  }
  expect_no_trace({.arguments = {"predict", "-", "-o", "deep/er/out"}, .input = "nothing"}, 2);
}

TEST_F(RunFolder, IsFreeAfterARunWithoutModels) {
  for (const char* option : {"--bundle", "--classifier", "--dnabert", "--esm2"}) {
    SCOPED_TRACE(option);
    const ProgramResult result =
        run({"predict", "right.fa", option, "right.fa", "-o", "deep/er/out"});
    EXPECT_NE(result.exit_code, 0);
    EXPECT_FALSE(fs::exists(path("deep")));
  }
  expect_free();
}

TEST_F(RunFolder, IsFreeAfterASignalBeforeTheFirstRecord) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0666), 0);
  // Opened for both, so that the program neither waits for a writer nor sees an end.
  const int end = ::open(path("pipe").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(end, 0);
  const std::string bases = open_frame(400, 1);
  const std::string begin = ">a\n" + bases + "\n";
  ASSERT_EQ(::write(end, begin.data(), begin.size()), static_cast<ssize_t>(begin.size()));
  ProgramCall call{.arguments = {"predict", path("pipe"), "-o", "deep/er/out"}};
  call.while_running = [&](int process) {
    ASSERT_TRUE(wait_for_message("expected length"));
    ::kill(process, SIGTERM);
    // The record ends, and with it the read that the program waits for.
    ::usleep(200'000);
    const std::string more = ">b\n" + bases + "\n>c\n";
    EXPECT_EQ(::write(end, more.data(), more.size()), static_cast<ssize_t>(more.size()));
  };
  const ProgramResult result = run(call);
  ::close(end);
  EXPECT_TRUE(ends_with(result, 75));
  EXPECT_FALSE(fs::exists(path("deep"))) << result.err;
  fs::remove(path("pipe"));
  expect_free();
}

TEST_F(RunFolder, OfAKilledRunThatStoredNothingGivesWay) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0666), 0);
  const int end = ::open(path("pipe").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(end, 0);
  ASSERT_EQ(::write(end, ">a\nACG", 6), 6);
  ProgramCall call{.arguments = {"predict", path("pipe"), "-o", "deep/er/out"}};
  call.while_running = [&](int process) {
    while (!fs::exists(path("deep/er/out/run.db"))) ::usleep(10'000);
    ::usleep(200'000);
    ::kill(process, SIGKILL);
  };
  EXPECT_TRUE(ends_with(run(call), 128 + SIGKILL));
  ::close(end);
  ASSERT_TRUE(fs::exists(path("deep/er/out/run.db")));
  expect_free();
}

TEST_F(RunFolder, KeepsWhatIsNotOfTheRun) {
  write("none.zip", "PK\x03\x04");
  fs::create_directory(path("out"));
  write("out/notes.txt", "mine");
  ASSERT_TRUE(ends_with(run({"predict", "none.zip", "-o", "out"}), 2));
  EXPECT_THAT(names_in("out"), testing::ElementsAre("notes.txt"));
  ASSERT_TRUE(ends_with(run({"predict", "right.fa", "-o", "out"}), 0));
  EXPECT_EQ(read("out/notes.txt"), "mine");
}

TEST_F(RunFolder, OfAMergeThatFailedIsFree) {
  ASSERT_TRUE(ends_with(run({"predict", "right.fa", "-o", "one", "--shard", "1/2"}), 0));
  const ProgramResult result = run({"merge", "one", "-o", "deep/er/out"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_FALSE(fs::exists(path("deep")));
  expect_free();
}

TEST_F(RunFolder, OfARunThatStoredSomethingIsKept) {
  // The first record is whole; the error comes after it was computed or before, so twice.
  write("half.fa", fasta(open_records(2000, 120)) + ">x\nAC\x01GT\n");
  ASSERT_TRUE(ends_with(run({"predict", "half.fa", "-o", "out"}), 2));
  ASSERT_TRUE(fs::exists(path("out/run.db")));
  const ProgramResult other = run({"predict", "right.fa", "-o", "out"});
  ASSERT_TRUE(ends_with(other, 2));
  EXPECT_THAT(other.err,
              testing::HasSubstr("holds other work than what is asked for now (input 1"));
}

/// Every file below the folder with another mode than the umask gives.
std::string files_of_other_modes(const std::string& folder, ::mode_t mask) {
  std::string found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat status {};
    if (::stat(entry.path().c_str(), &status) != 0) continue;
    const ::mode_t expected = (entry.is_directory() ? 0777U : 0666U) & ~mask;
    if ((status.st_mode & 0777) == expected) continue;
    found += entry.path().filename().string() + " ";
  }
  return found;
}

TEST_F(RunFolder, AndAllOtherResultsHaveTheModeThatTheUmaskGives) {
  std::string labels = "id\tlabel\n";
  std::string text;
  for (int i = 0; i < 40; ++i) {
    labels += "g" + std::to_string(i) + (i % 2 == 0 ? "\tvirus\n" : "\tother\n");
    text += ">g" + std::to_string(i) + "\n" + open_frame(400, static_cast<std::uint32_t>(i)) + "\n";
  }
  write("known.fa", text);
  write("labels.tsv", labels);
  const std::vector<std::vector<std::string>> commands = {
      {"predict", "known.fa", "-o", "results/out", "--keep-embeddings"},
      {"predict", "known.fa", "-o", "results/shard", "--shard", "1/1"},
      {"report", "results/out", "-o", "results/again"},
      {"merge", "results/out", "-o", "results/merged"},
      {"embed", "known.fa", "-o", "results/e.h5"},
      {"evaluate", "results/out", "--labels", "labels.tsv", "-o", "results/evaluation"},
      {"calibrate", "results/out", "--labels", "labels.tsv", "-o", "results/calibrated"},
      {"train", "results/out", "--labels", "labels.tsv", "-o", "results/trained", "--epochs", "1"},
      {"dataset", "known.fa", "--labels", "labels.tsv", "-o", "results/data"}};
  const ::mode_t before = ::umask(0);
  for (const ::mode_t mask : {0027, 0002}) {
    ::umask(0);
    fs::remove_all(path("results"));
    fs::create_directory(path("results"));
    fs::permissions(path("results"), static_cast<fs::perms>(0777 & ~mask));
    ::umask(mask);
    std::size_t worked = 0;
    for (const std::vector<std::string>& command : commands) {
      const ProgramResult result = run(command);
      EXPECT_EQ(result.exit_code, 0) << result.call << result.err;
      worked += result.exit_code == 0 ? 1 : 0;
    }
    EXPECT_GT(worked, 0U);
    EXPECT_EQ(files_of_other_modes(path("results"), mask), "") << mask;
  }
  ::umask(before);
}

}  // namespace
}  // namespace virnucpro::test
