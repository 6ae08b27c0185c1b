// A system that gives too few threads or too little memory: the program says so and what to raise,
// and never hangs or dies of a signal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class Resources : public CliTest {
 protected:
  void SetUp() override {
#ifdef VIRNUCPRO_SANITIZED
    GTEST_SKIP() << "sanitizers map terabytes and have threads of their own";
#endif
    CliTest::SetUp();
    write("in.fa", fasta(open_records(4, 150)));
  }

  /// Too little for what comes before main: the loader's message, not ours.
  bool starts(ProgramCall call) const {
    call.arguments = {"--version"};
    call.streams = ".version";
    return run(call).exit_code == 0;
  }

  /// Success, or a message that names what is short.
  void expect_done_or_told(const ProgramResult& result) const {
    if (result.exit_code == 0) return;
    EXPECT_TRUE(ends_with(result, 4));
    EXPECT_THAT(last_line(result.err),
                AnyOf(HasSubstr("out of memory"), HasSubstr("no memory"), HasSubstr("ulimit -v"),
                      HasSubstr("starts no more threads")));
    EXPECT_THAT(result.err, testing::Not(HasSubstr("report it")));
  }
};

TEST_F(Resources, ThreadsThatTheMemoryHasNoRoomForAreAnErrorThatSaysWhatToRaise) {
  ProgramCall call{.arguments = {"predict", "in.fa", "-o", "out", "-t", "64"}};
  call.address_kilobytes = 400'000;
  const ProgramResult result = run(call);
  EXPECT_TRUE(ends_with(result, 4));
  EXPECT_EQ(last_line(result.err),
            "virnucpro: error: the system starts no more threads (Resource temporarily "
            "unavailable); use fewer --threads, or raise the limit of processes ('ulimit -u', "
            "'pids' of a container) or of memory ('ulimit -v')");
  call.address_kilobytes = 0;
  call.arguments.emplace_back("--force");
  EXPECT_TRUE(ends_with(run(call), 0));
}

TEST_F(Resources, AnyLimitOfProcessesIsToldOrEnough) {
  int done = 0;
  int told = 0;
  for (int processes = 1; processes <= 16; ++processes) {
    ProgramCall call{.arguments = {"predict", "in.fa", "-o", "out" + std::to_string(processes),
                                   "-t", "8", "-q", "--no-progress"}};
    call.processes = processes;
    if (!starts(call)) GTEST_SKIP() << "no plain user can start the program here";
    const ProgramResult result = run(call);
    expect_done_or_told(result);
    ++(result.exit_code == 0 ? done : told);
    if (result.exit_code != 0) {
      EXPECT_THAT(result.err, HasSubstr("starts no more threads")) << processes;
    }
  }
  EXPECT_GT(told, 4);
  EXPECT_GT(done, 0);
}

TEST_F(Resources, AnyLimitOfMemoryIsToldOrEnough) {
  int done = 0;
  int told = 0;
  for (int megabytes = 40; megabytes <= 1000; megabytes += megabytes < 200   ? 5
                                                           : megabytes < 400 ? 20
                                                                             : 150) {
    ProgramCall call{.arguments = {"predict", "in.fa", "-o", "out" + std::to_string(megabytes),
                                   "-t", "2", "-q", "--no-progress"}};
    call.address_kilobytes = megabytes * 1024;
    if (!starts(call)) continue;
    SCOPED_TRACE(megabytes);
    const ProgramResult result = run(call);
    expect_done_or_told(result);
    ++(result.exit_code == 0 ? done : told);
  }
  EXPECT_GT(told, 0);
  EXPECT_GT(done, 0);
}

// htslib, which starts them, looks at some of what the system gives, and not at all of it.
TEST_F(Resources, ThreadsThatDecompressAreToldOrEnough) {
  ASSERT_TRUE(ends_with(run({"predict", "in.fa", "-o", "out", "-q"}), 0));
  write("a.sam", "@SQ\tSN:r0\tLN:450\nq\t0\tr0\t1\t60\t4M\t*\t0\t0\tACGT\t*\tNM:i:0\n");
  int told = 0;
  for (const char* output : {"reads.tsv", "reads.tsv.gz"}) {
    for (int megabytes = 200; megabytes <= 1400; megabytes += 150) {
      ProgramCall call{.arguments = {"label-reads", "a.sam", "out", "-o", output, "-t", "64"}};
      call.address_kilobytes = megabytes * 1024;
      if (!starts(call)) continue;
      SCOPED_TRACE(megabytes);
      const ProgramResult result = run(call);
      expect_done_or_told(result);
      told += result.exit_code == 0 ? 0 : 1;
    }
  }
  EXPECT_GT(told, 0);
}

TEST_F(Resources, OtherCommandsWithFewThreadsAndLittleMemoryEndToo) {
  const std::vector<std::vector<std::string>> commands = {
      {"embed", "in.fa", "-o", "out.h5", "-t", "64", "--force"},
      {"precision", "in.fa", "-t", "64"},
      {"bench", "in.fa", "--orfs", "2", "--seconds", "0.1", "-t", "64"},
      {"validate", "in.fa"},
      {"models", "verify", "mini"},
      {"devices"}};
  for (const std::vector<std::string>& arguments : commands) {
    for (const int megabytes : {60, 100, 150, 200, 300, 400}) {
      ProgramCall call{.arguments = arguments};
      call.address_kilobytes = megabytes * 1024;
      if (!starts(call)) continue;
      SCOPED_TRACE(megabytes);
      expect_done_or_told(run(call));
    }
    ProgramCall call{.arguments = arguments};
    call.processes = 2;
    if (starts(call)) expect_done_or_told(run(call));
  }
}

}  // namespace
}  // namespace virnucpro::test
