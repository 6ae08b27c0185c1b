// The first signal asks for a stop, the second one ends the process.
#include "cli/stop_signals.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace virnucpro::cli {
namespace {

bool wait_for_stop(const std::stop_token& token) {
  for (int i = 0; i < 1000 && !token.stop_requested(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return token.stop_requested();
}

TEST(StopSignals, TurnASignalIntoAStopRequest) {
  for (const int signal : {SIGINT, SIGTERM}) {
    std::atomic<int> seen{0};
    {
      StopSignals signals([&](int number) { seen = number; });
      EXPECT_FALSE(signals.token().stop_requested());
      std::raise(signal);
      EXPECT_TRUE(wait_for_stop(signals.token()));
    }
    EXPECT_EQ(seen, signal);
  }
}

TEST(StopSignals, EndQuietlyWithoutASignal) {
  StopSignals signals;
  EXPECT_FALSE(signals.token().stop_requested());
}

TEST(StopSignalsDeathTest, EndTheProcessAtTheSecondSignal) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        StopSignals signals;
        std::raise(SIGTERM);
        std::raise(SIGTERM);
      },
      testing::ExitedWithCode(75), "");
}

}  // namespace
}  // namespace virnucpro::cli
