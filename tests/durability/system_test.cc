// What changes around a run: its input, the clock, the stream it reads; and inputs of large
// records.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/test_inputs.h"
#include "durability/durability_test.h"
#include "support/sanitized.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class System : public DurabilityTest {
 protected:
  void SetUp() override {
    DurabilityTest::SetUp();
    write("in.fa", mixed_input(30, 8));
  }

  /// Stops a slow run after that time.
  ProgramResult stopped(ProgramCall call, const std::string& folder, int milliseconds) const {
    call.while_running = [&](int process) {
      for (int i = 0; i < 6000 && !exists(folder + "/run.db-wal"); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      ::kill(process, SIGTERM);
    };
    return run(call);
  }

  ProgramCall predict_stream(const std::string& folder, const std::string& input,
                             const std::string& faults = {}) const {
    ProgramCall call = predict(folder, faults);
    call.arguments[1] = "-";
    call.input = input;
    return call;
  }
};

constexpr const char* kSlow = "workers=2;slow=150";

TEST_F(System, ChangedInputIsRefusedUntilItIsStartedOver) {
  const Results expected = undisturbed();
  ASSERT_TRUE(ends_with(stopped(predict("out", kSlow), "out", 600), kInterrupted));
  const std::string old_input = read("in.fa");
  std::string changed = old_input;
  changed[changed.size() - 2] = changed[changed.size() - 2] == 'A' ? 'C' : 'A';
  write("in.fa", changed);
  const ProgramResult refused = run(predict("out"));
  ASSERT_TRUE(ends_with(refused, kUsage));
  EXPECT_THAT(refused.err, HasSubstr("input 1"));
  EXPECT_TRUE(results_in(path("out")).empty());

  ProgramCall again = predict("out");
  again.arguments.push_back("--force");
  ASSERT_TRUE(ends_with(run(again), 0));
  fs::remove_all(path("undisturbed"));
  EXPECT_TRUE(same_results(undisturbed(), results_in(path("out"))));

  ASSERT_TRUE(ends_with(stopped(predict("other", kSlow), "other", 600), kInterrupted));
  write("in.fa", old_input);
  ASSERT_TRUE(ends_with(run(predict("other")), kUsage));
  write("in.fa", changed);
  ASSERT_TRUE(ends_with(run(predict("other")), 0));
  EXPECT_NE(results_in(path("other")), expected);
}

TEST_F(System, ClockMayGoBack) {
  const Results expected = undisturbed();
  ASSERT_TRUE(ends_with(stopped(predict("out", kSlow), "out", 600), kInterrupted));
  for (const auto& entry : fs::directory_iterator(path("out"))) {
    fs::last_write_time(entry.path(),
                        fs::file_time_type::clock::now() + std::chrono::hours(24 * 365));
  }
  ASSERT_TRUE(ends_with(run(predict("out")), 0));
  EXPECT_TRUE(same_results(expected, results_in(path("out"))));
  const auto sessions = nlohmann::json::parse(run_json("out")).at("sessions");
  EXPECT_EQ(sessions.size(), 2U);
}

TEST_F(System, StreamThatComesAgainGoesOn) {
  const std::string input = read("in.fa");
  ASSERT_TRUE(ends_with(run(predict_stream("undisturbed", input)), 0));
  for (const int milliseconds : {200, 700}) {
    const std::string folder = "out" + std::to_string(milliseconds);
    ASSERT_TRUE(ends_with(stopped(predict_stream(folder, input, kSlow), folder, milliseconds), 75));
    ASSERT_TRUE(ends_with(run(predict_stream(folder, input)), 0));
    EXPECT_TRUE(same_results(results_in(path("undisturbed")), results_in(path(folder))));
  }
}

// A stream has no hash to compare. Even so, its stored rows must never get into another one's
// results: these are refused, or those of a new run.
TEST_F(System, AnotherStreamGetsNothingOfTheFirst) {
  const std::string input = read("in.fa");
  const std::string other = mixed_input(30, 9);
  ASSERT_TRUE(ends_with(run(predict_stream("undisturbed", other)), 0));
  for (const int milliseconds : {200, 700}) {
    const std::string folder = "out" + std::to_string(milliseconds);
    ASSERT_TRUE(ends_with(stopped(predict_stream(folder, input, kSlow), folder, milliseconds), 75));
    const ProgramResult result = run(predict_stream(folder, other));
    if (result.exit_code == 0) {
      EXPECT_TRUE(same_results(results_in(path("undisturbed")), results_in(path(folder))));
    } else {
      ASSERT_TRUE(ends_with(result, kUsage));
      EXPECT_THAT(last_line(result.err), HasSubstr("the input has changed since the run began"));
      EXPECT_TRUE(results_in(path(folder)).empty());
    }
  }
}

TEST_F(System, AnotherStreamIsNotAnsweredWithAnOldResult) {
  ASSERT_TRUE(ends_with(run(predict_stream("out", read("in.fa"))), 0));
  const Results first = results_in(path("out"));
  const std::string input = read("in.fa");
  for (const std::string& other : {mixed_input(5, 9), input + ">more\nACGT\n",
                                   input.substr(0, input.rfind('>')), std::string()}) {
    const ProgramResult second = run(predict_stream("out", other));
    EXPECT_TRUE(ends_with(second, kUsage));
    EXPECT_THAT(last_line(second.err), HasSubstr("the input has changed since the run began"));
    EXPECT_TRUE(same_results(first, results_in(path("out"))));
  }
  // The same one again has its results written again.
  std::filesystem::remove(path("out/contigs.tsv"));
  EXPECT_TRUE(ends_with(run(predict_stream("out", input)), 0));
  EXPECT_TRUE(same_results(first, results_in(path("out"))));
}

TEST_F(System, ShorterStreamIsRefused) {
  const std::string input = read("in.fa");
  ASSERT_TRUE(ends_with(stopped(predict_stream("out", input, kSlow), "out", 800), kInterrupted));
  const ProgramResult result = run(predict_stream("out", input.substr(0, input.find(">r1 "))));
  // Nothing may have been stored yet; then it is a run like any other.
  if (result.exit_code == 0) {
    EXPECT_EQ(nlohmann::json::parse(run_json("out")).at("counts").at("records").at("total"), 1);
  } else {
    EXPECT_TRUE(ends_with(result, kUsage));
    EXPECT_TRUE(results_in(path("out")).empty());
  }
}

TEST_F(System, LongContigIsResumedInTheMiddle) {
  // Two million bases; they would take minutes under sanitizers.
  constexpr std::uint32_t kOpenChunks = kSanitized ? 10 : 40;
  const std::string faults = kSanitized ? "workers=2;slow=800" : "workers=2;slow=200";
  std::mt19937 random(10);
  std::string bases(kOpenChunks * 50'000, 'A');
  for (char& base : bases) base = "ACGT"[random() % 4];
  for (std::uint32_t i = 0; i < kOpenChunks; ++i) {
    bases.replace(i * 50'000, 498, open_frame(166, i));
  }
  write("in.fa", ">contig\n" + bases + "\n>after\n" + open_frame(150, 99) + "\n");
  const Results expected = undisturbed();
  ASSERT_TRUE(ends_with(stopped(predict("out", faults), "out", 900), kInterrupted));
  ASSERT_TRUE(ends_with(run(predict("out")), 0));
  EXPECT_TRUE(same_results(expected, results_in(path("out"))));
}

}  // namespace
}  // namespace virnucpro::test
