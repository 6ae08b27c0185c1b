// Inputs that change while the program works: no result of them, and the right one when they are
// back. A named pipe that comes first holds the program between its first look at the files and
// their reading.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>

#include "cli/stored_runs.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

constexpr int kUsage = 2;
constexpr int kInterrupted = 75;

void wait_for_end(int process) {
  siginfo_t ended = {};
  ::waitid(P_PID, static_cast<id_t>(process), &ended, WEXITED | WNOWAIT);
}

/// A text with the hash that sha256sum gives.
struct KnownText {
  const char* text;
  const char* sha256;
};

class ChangedInput : public StoredRunTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    write("in.fa", whole());
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  }

  static std::string whole() { return fasta(open_records(12, 250)); }
  static std::string first() { return ">first\n" + open_frame(200, 77) + "\n"; }

  /// Waits for the program to open the pipe, calls `change`, and lets it go on.
  std::function<void(int)> change_before_reading(std::function<void()> change) const {
    return [this, change = std::move(change)](int process) {
      const int out = open_writer(path("pipe"), process);
      change();
      const std::string text = first();
      EXPECT_EQ(::write(out, text.data(), text.size()), static_cast<ssize_t>(text.size()));
      ::close(out);
    };
  }

  ProgramResult run_with(std::vector<std::string> arguments, std::function<void(int)> meanwhile) {
    ProgramCall call;
    call.arguments = std::move(arguments);
    call.while_running = std::move(meanwhile);
    return run(call);
  }

  struct Change {
    const char* name;
    std::function<void()> apply;
  };
  std::vector<Change> changes() const {
    const std::string file = path("in.fa");
    const auto rewritten = [] {
      std::string text = whole();
      text[text.size() - 20] = text[text.size() - 20] == 'A' ? 'C' : 'A';
      return text;
    };
    return {{"cut", [file] { fs::resize_file(file, fs::file_size(file) / 2); }},
            {"grown", [this] { write("in.fa", whole() + ">more\nACGT\n"); }},
            {"rewritten", [this, rewritten] { write("in.fa", rewritten()); }},
            {"replaced", [this, file, rewritten] {
               write("other.fa", rewritten());
               fs::rename(path("other.fa"), file);
             }}};
  }
};

TEST_F(ChangedInput, GivesNoResultOfPredictAndTheRightOneOnceItIsBack) {
  const auto feed = change_before_reading([] {});
  ASSERT_TRUE(ends_with(run_with({"predict", "pipe", "in.fa", "-q", "-o", "right"}, feed), 0));
  for (const Change& change : changes()) {
    SCOPED_TRACE(change.name);
    const std::string folder = std::string("out_") + change.name;
    const std::vector<std::string> command = {"predict", "pipe", "in.fa", "-q", "-o", folder};
    const ProgramResult result = run_with(command, change_before_reading(change.apply));
    EXPECT_TRUE(ends_with(result, kUsage));
    EXPECT_THAT(last_line(result.err),
                HasSubstr("in.fa: changed while the program worked on it: it had "));
    EXPECT_FALSE(exists(folder + "/contigs.tsv"));
    EXPECT_FALSE(exists(folder + "/run.json"));
    write("in.fa", whole());
    ASSERT_TRUE(ends_with(run_with(command, feed), 0));
    for (const char* name : {"contigs.tsv", "predictions.tsv", "viral.fasta"}) {
      EXPECT_EQ(read(folder + "/" + name), read(std::string("right/") + name)) << name;
    }
  }
}

TEST_F(ChangedInput, GivesNoFileOfEmbedAndNoBundleOfTrain) {
  std::string labels = "id\tlabel\n";
  for (int i = 0; i < 12; ++i) {
    labels += "r" + std::to_string(i) + (i % 2 == 0 ? "\tvirus\n" : "\tother\n");
  }
  write("labels.tsv", labels);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"embed", "pipe", "in.fa", "-q", "-o", "out"},
        std::vector<std::string>{"train", "pipe", "in.fa", "--labels", "labels.tsv", "-q", "-o",
                                 "out", "--validation-share", "0", "--epochs", "2"}}) {
    SCOPED_TRACE(command.front());
    const ProgramResult result = run_with(
        command, change_before_reading([this] { write("in.fa", whole() + ">more\nACGT\n"); }));
    EXPECT_TRUE(ends_with(result, kUsage));
    EXPECT_THAT(last_line(result.err), HasSubstr("in.fa: changed while the program worked on it"));
    EXPECT_FALSE(exists("out"));
    write("in.fa", whole());
    EXPECT_TRUE(ends_with(run_with(command, change_before_reading([] {})), 0));
    fs::remove_all(path("out"));
  }
}

TEST_F(ChangedInput, LeavesWhatEarlierSessionsHaveStored) {
  const std::vector<std::string> command = {"predict", "pipe", "in.fa", "-q", "-o", "out"};
  // Stopped while it waits for the pipe's text: one session, no rows.
  const ProgramResult stopped = run_with(command, [this](int process) {
    const int out = open_writer(path("pipe"), process);
    ::kill(process, SIGTERM);
    wait_for_end(process);
    ::close(out);
  });
  EXPECT_TRUE(ends_with(stopped, kInterrupted));
  const ProgramResult changed = run_with(
      command, change_before_reading([this] { write("in.fa", whole() + ">more\nACGT\n"); }));
  EXPECT_TRUE(ends_with(changed, kUsage));
  write("in.fa", whole());
  ASSERT_TRUE(ends_with(run_with(command, change_before_reading([] {})), 0));
  EXPECT_EQ(json::parse(read("out/run.json"))["counts"]["records"]["total"], 13);
}

TEST_F(ChangedInput, CannotBeAPipeWhoseHashAndSizeAreThoseOfWhatWasRead) {
  // printf 'id\tlabel\nr0\tvirus\nr1\tother\n' | sha256sum
  const KnownText labels = {"id\tlabel\nr0\tvirus\nr1\tother\n",
                            "15ca50ee17ce96625cfdf36ca431a8cf3ca38fe9b8b7573e89ea8501c62516fd"};
  write("labels.tsv", labels.text);
  write("two.fa", fasta(open_records(2, 250)));
  ASSERT_TRUE(ends_with(run({"predict", "two.fa", "-q", "-o", "out"}), 0));
  const auto feed = [this](const char* text) {
    return [this, text](int process) {
      const int out = open_writer(path("pipe"), process);
      const std::string_view bytes = text;
      EXPECT_EQ(::write(out, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
      ::close(out);
    };
  };
  ASSERT_TRUE(ends_with(
      run_with({"evaluate", "out", "--labels", "pipe", "-o", "judged"}, feed(labels.text)), 0));
  const json judged = json::parse(read("judged/evaluation.json"))["labels"];
  EXPECT_EQ(judged["sha256"], labels.sha256);
  EXPECT_EQ(judged["bytes"], std::string_view(labels.text).size());

  // printf 'id\tframe\nr0\tF1\nr1\tF1\n' | sha256sum
  const KnownText frames = {"id\tframe\nr0\tF1\nr1\tF1\n",
                            "612639c2f04bb918993062a3fc75d48dddd67c6377fb9f313d6e12b4e036921c"};
  ASSERT_TRUE(
      ends_with(run_with({"train", "two.fa", "--labels", "labels.tsv", "--frames", "pipe", "-o",
                          "made", "--validation-share", "0", "--epochs", "1", "--batch", "2"},
                         feed(frames.text)),
                0));
  const json training = json::parse(read("made/training.json"));
  EXPECT_EQ(training["frames"]["sha256"], frames.sha256);
  EXPECT_EQ(training["frames"]["bytes"], std::string_view(frames.text).size());
  EXPECT_EQ(training["labels"]["sha256"], labels.sha256);
  EXPECT_EQ(training["inputs"][0]["bytes"], fs::file_size(path("two.fa")));

  // printf '>a\nACGT\n' | sha256sum
  const KnownText sequences = {">a\nACGT\n",
                               "ec93753459551ffadb17f616d5e6bd45de641c045083fac84c4fa223987b232b"};
  ASSERT_TRUE(
      ends_with(run_with({"predict", "pipe", "-q", "-o", "piped"}, feed(sequences.text)), 0));
  const json input = json::parse(read("piped/run.json"))["inputs"][0];
  EXPECT_EQ(input["sha256"], sequences.sha256);
  EXPECT_EQ(input["bytes"], std::string_view(sequences.text).size());
}

TEST_F(ChangedInput, ThatNeverComesEndsWithTheSignal) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"predict", "pipe", "-o", "out"},
        std::vector<std::string>{"embed", "pipe", "-o", "out.h5"},
        std::vector<std::string>{"precision", "pipe"},
        std::vector<std::string>{"validate", "pipe"}}) {
    SCOPED_TRACE(command.front());
    // Its writer is there, but writes nothing.
    const ProgramResult result = run_with(command, [this](int process) {
      const int out = open_writer(path("pipe"), process);
      ::kill(process, SIGTERM);
      wait_for_end(process);
      ::close(out);
    });
    EXPECT_TRUE(ends_with(result, kInterrupted));
    EXPECT_FALSE(exists("out/contigs.tsv"));
    EXPECT_FALSE(exists("out.h5"));
  }
}

}  // namespace
}  // namespace virnucpro::test
