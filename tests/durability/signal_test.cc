// Signals that ask a run to stop: finished work is kept, and the same command continues.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "durability/durability_test.h"

namespace virnucpro::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using testing::HasSubstr;

class Signal : public DurabilityTest {
 protected:
  void SetUp() override {
    DurabilityTest::SetUp();
    write("in.fa", mixed_input(20, 2));
    expected_ = undisturbed();
  }

  /// Waits until the run works on the input, and a moment more.
  void wait_until_at_work(const std::string& folder, milliseconds more) const {
    for (int i = 0; i < 6000 && !exists(folder + "/run.db-wal"); ++i) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    std::this_thread::sleep_for(more);
  }

  Results expected_;
};

TEST_F(Signal, EndsTheRunAndLosesNothingThatIsFinished) {
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
    SCOPED_TRACE(signal);
    const std::string folder = "out" + std::to_string(signal);
    const std::string count = "count" + std::to_string(signal);
    ProgramCall call = predict(folder, "workers=3;slow=300;count=" + path(count));
    Clock::time_point sent;
    call.while_running = [&](int process) {
      wait_until_at_work(folder, milliseconds(500));
      ::kill(process, signal);
      sent = Clock::now();
    };
    const ProgramResult stopped = run(call);
    const auto seconds = std::chrono::duration<double>(Clock::now() - sent).count();
    ASSERT_TRUE(ends_with(stopped, kInterrupted));
    // Five are promised; here others may take the processors.
    EXPECT_LT(seconds, 20);
    EXPECT_THAT(stopped.err, HasSubstr("stopping; a second signal ends the program at once"));
    EXPECT_EQ(last_line(stopped.err),
              "virnucpro: error: stopped on request before the end. What is finished is kept in " +
                  folder + "/run.db: run the same command again to go on");
    EXPECT_TRUE(results_in(path(folder)).empty());
    const StoredState state = state_of(path(folder));
    EXPECT_EQ(state.integrity, "ok");
    EXPECT_EQ(state.embedded, counted(count));  // all that was computed
    EXPECT_GT(state.embedded, 0);
    EXPECT_LT(state.embedded, sequences());

    call.while_running = {};
    ASSERT_TRUE(ends_with(run(call), 0));
    EXPECT_TRUE(same_results(expected_, results_in(path(folder))));
    EXPECT_EQ(counted(count), sequences());
    const nlohmann::json json = nlohmann::json::parse(run_json(folder));
    std::int64_t computed = 0;
    for (const auto& session : json.at("sessions")) {
      computed += session.at("frames_computed").get<std::int64_t>();
    }
    EXPECT_EQ(json.at("sessions").size(), 2U);
    EXPECT_EQ(2 * computed, sequences());
  }
}

TEST_F(Signal, EndsAtOnceWhenSentTwice) {
  ProgramCall call = predict("out", "workers=3;slow=3000");
  Clock::time_point sent;
  call.while_running = [&](int process) {
    wait_until_at_work("out", milliseconds(300));
    ::kill(process, SIGTERM);
    std::this_thread::sleep_for(milliseconds(100));
    ::kill(process, SIGTERM);
    sent = Clock::now();
  };
  ASSERT_TRUE(ends_with(run(call), kInterrupted));
  EXPECT_LT(Clock::now() - sent, milliseconds(1000));
  ASSERT_TRUE(ends_with(run(predict("out")), 0));
  EXPECT_TRUE(same_results(expected_, results_in(path("out"))));
}

// Again and again in one run, until it ends; the stored rows only grow.
TEST_F(Signal, AtRandomMomentsEndsWithItsCodeAndTheRunGetsThrough) {
  std::mt19937 random(7);
  const std::array<int, 3> signals = {SIGTERM, SIGINT, SIGUSR1};
  int stops = 0;
  std::int64_t stored = 0;
  const int wanted = form("VIRNUCPRO_DURABILITY_KILLS", 6);
  while (stops < wanted) {
    ProgramCall call = predict("out", "workers=2;slow=40");
    call.while_running = [&](int process) {
      // Before that its exit code is the system's: main has not begun.
      wait_until_it_listens(process);
      std::this_thread::sleep_for(milliseconds(random() % 900));
      ::kill(process, signals[random() % signals.size()]);
    };
    const ProgramResult result = run(call);
    if (result.exit_code == 0) {
      EXPECT_TRUE(same_results(expected_, results_in(path("out"))));
      std::filesystem::remove_all(path("out"));
      stored = 0;
      ++stops;  // so that a fast machine gets through, too
      continue;
    }
    ASSERT_TRUE(ends_with(result, kInterrupted));
    ++stops;
    EXPECT_TRUE(only_whole_results(expected_, results_in(path("out")))) << result.call;
    const StoredState state = state_of(path("out"));
    if (!state.exists) continue;
    EXPECT_EQ(state.integrity, "ok");
    EXPECT_GE(state.embedded, stored);
    stored = state.embedded;
  }
  ASSERT_TRUE(ends_with(run(predict("out")), 0));
  EXPECT_TRUE(same_results(expected_, results_in(path("out"))));
}

// Also before the program listens, and while results are written.
TEST_F(Signal, IsSafeAtAnyMoment) {
  std::mt19937 random(3);
  for (int i = 0; i < form("VIRNUCPRO_DURABILITY_KILLS", 4); ++i) {
    const std::string folder = i % 2 == 0 ? "undisturbed" : "out" + std::to_string(i);
    ProgramCall call = predict(folder);
    call.while_running = [&](int process) {
      std::this_thread::sleep_for(milliseconds(random() % 250));
      ::kill(process, SIGTERM);
    };
    const ProgramResult result = run(call);
    EXPECT_TRUE(result.exit_code == kInterrupted || result.exit_code == 0 ||
                result.exit_code == 128 + SIGTERM)
        << result.exit_code << result.err;
    EXPECT_TRUE(only_whole_results(expected_, results_in(path(folder)))) << result.call;
    ASSERT_TRUE(ends_with(run(predict(folder)), 0));
    EXPECT_TRUE(same_results(expected_, results_in(path(folder))));
  }
}

}  // namespace
}  // namespace virnucpro::test
