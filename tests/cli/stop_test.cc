// SIGTERM to every command while it waits or works: it ends in seconds, with exit code 75.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "cli/models_in_tree.h"
#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using testing::HasSubstr;

// Five are promised; here others may take the processors.
constexpr std::chrono::seconds kMostSeconds{20};

class Stop : public CliTest {
 protected:
  /// Sends SIGTERM `after` the start of the command itself; its end must come in time.
  ProgramResult stopped(std::vector<std::string> arguments, milliseconds after = milliseconds(300),
                        int signal = SIGTERM) {
    ProgramCall call{.arguments = std::move(arguments)};
    Clock::time_point sent;
    call.while_running = [&](int process) {
      EXPECT_TRUE(wait_until_it_listens(process));
      std::this_thread::sleep_for(after);
      ::kill(process, signal);
      sent = Clock::now();
    };
    ProgramResult result = run(call);
    EXPECT_LT(Clock::now() - sent, kMostSeconds) << result.call;
    EXPECT_TRUE(ends_with(result, 75));
    EXPECT_THAT(result.err, HasSubstr("stopping; a second signal ends the program at once"));
    return result;
  }

  /// A pipe to which nothing is written.
  std::string pipe(const std::string& name) const {
    EXPECT_EQ(::mkfifo(path(name).c_str(), 0600), 0);
    return name;
  }

  /// Frames for minutes on one thread.
  void write_long_input() const { write("long.fa", fasta(open_records(4000, 1000))); }

  /// A finished run of many records that are too short to be scored: quick to make, not to report.
  void make_run(const std::string& folder, std::vector<std::string> more = {}) const {
    if (!exists("short.fa")) {
      std::string text;
      // Enough for seconds of report and merge, which are stopped after a tenth of one.
      for (int i = 0; i < 100'000; ++i) text += ">s" + std::to_string(i) + "\nACGTACGT\n";
      write("short.fa", text);
    }
    std::vector<std::string> arguments = {"predict", "short.fa", "-o", folder, "-q"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    ASSERT_TRUE(ends_with(run(arguments), 0));
  }
};

TEST_F(Stop, EndsEveryCommandThatWaitsForItsInput) {
  write("in.fa", fasta(open_records(2, 150)));
  ASSERT_TRUE(ends_with(run({"predict", "in.fa", "-o", "done", "-q"}), 0));
  write("in.tsv", "id\tlabel\nr0\tvirus\nr1\tother\n");
  pipe("never");
  std::filesystem::create_directory(path("results"));
  pipe("results/run.json");
  const std::vector<std::vector<std::string>> commands = {
      {"plot", "results", "-o", "track.svg"},
      {"predict", "never", "-o", "out"},
      {"embed", "never", "-o", "out.h5"},
      {"train", "never", "--labels", "in.tsv", "-o", "bundle"},
      {"train", "in.fa", "--labels", "never", "-o", "bundle"},
      {"evaluate", "done", "--labels", "never"},
      {"calibrate", "done", "--labels", "never", "-o", "bundle"},
      {"dataset", "in.fa", "--labels", "never", "-o", "data"},
      {"validate", "never"},
      {"precision", "never"},
      {"label-reads", "never", "done", "-o", "reads.tsv"},
      {"label-reads", "never", "done", "--paf", "-o", "reads.tsv"},
      {"classify", "never", "two.tsv", "--virnucpro-path", "mini"},
      {"predict", "--sample-sheet", "never", "-o", "samples"},
      {"bench", "never", "--seconds", "0.1"}};
  for (const std::vector<std::string>& arguments : commands) stopped(arguments);
  EXPECT_FALSE(exists("out/run.json"));
  EXPECT_FALSE(exists("out.h5"));
  EXPECT_FALSE(exists("bundle/bundle.json"));
  EXPECT_FALSE(exists("reads.tsv"));
  EXPECT_FALSE(exists("track.svg"));
  EXPECT_FALSE(exists("two.tsv"));
}

TEST_F(Stop, EndsEveryCommandThatComputes) {
  write_long_input();
  write("long.tsv", "id\tlabel\nr0\tvirus\nr1\tother\n");
  const milliseconds after(1500);  // the models are loaded by then, as a rule
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
    stopped({"predict", "long.fa", "-o", "out", "-t", "1"}, after, signal);
  }
  // Batches of any size are dropped half way.
  stopped({"predict", "long.fa", "-o", "out", "-t", "1", "--batch-tokens", "65536"}, after);
  stopped({"predict", "long.fa", "-o", "plain", "-t", "1", "--device", "reference"}, after);
  stopped({"embed", "long.fa", "-o", "out.h5", "-t", "1"}, after);
  stopped({"train", "long.fa", "--labels", "long.tsv", "-o", "bundle", "-t", "1"}, after);
  stopped({"precision", "long.fa", "-t", "1", "--limit", "0"}, after);
  stopped({"bench", "-t", "1", "--seconds", "600"}, after);
  EXPECT_FALSE(exists("out/run.json"));
  EXPECT_FALSE(exists("out.h5"));
  EXPECT_FALSE(exists("bundle/bundle.json"));
}

TEST_F(Stop, EndsCommandsOverFinishedRunsAndLargeFiles) {
  make_run("done");
  make_run("first", {"--shard", "1/2"});
  make_run("second", {"--shard", "2/2"});
  const milliseconds after(100);
  stopped({"report", "done", "-o", "again"}, after);
  EXPECT_FALSE(exists("again/run.json"));
  stopped({"merge", "first", "second", "-o", "merged"}, after);
  EXPECT_FALSE(exists("merged/run.json"));
  // The same command continues, or starts over, and nothing is in its way.
  EXPECT_TRUE(ends_with(run({"report", "done", "-o", "again"}), 0));
  EXPECT_TRUE(ends_with(run({"merge", "first", "second", "-o", "merged"}), 0));
  EXPECT_EQ(read("merged/contigs.tsv"), read("done/contigs.tsv"));

  std::filesystem::copy(kMini, path("bundle"));
  std::filesystem::resize_file(path("bundle/esm2.safetensors"), std::uintmax_t{30} << 30);
  // Not only cut off: it says so itself.
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"models", "verify", "bundle"}, {"models", "export", "bundle", "-o", "bundle.tar"}}) {
    EXPECT_THAT(stopped(command, after).err, HasSubstr("error: stopped on request"));
  }
  EXPECT_FALSE(exists("bundle.tar"));
}

TEST_F(Stop, EndsAProgramThatWaitsForTheReaderOfItsTable) {
  write("in.fa", ">a\nACGT\n");
  pipe("table");
  const int reader = ::open(path("table").c_str(), O_RDWR);  // and never reads
  ASSERT_GE(reader, 0);
  ProgramCall call{.arguments = {"validate", "-q"}};
  call.arguments.insert(call.arguments.end(), 10'000, "in.fa");  // more than a pipe holds
  call.out_path = path("table");
  Clock::time_point sent;
  call.while_running = [&](int process) {
    EXPECT_TRUE(wait_until_it_listens(process));
    std::this_thread::sleep_for(milliseconds(3000));
    ::kill(process, SIGTERM);
    sent = Clock::now();
  };
  EXPECT_TRUE(ends_with(run(call), 75));
  EXPECT_LT(Clock::now() - sent, kMostSeconds);
  ::close(reader);
}

}  // namespace
}  // namespace virnucpro::test
