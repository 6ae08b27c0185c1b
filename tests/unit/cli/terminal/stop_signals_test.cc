// The first signal asks for a stop, the second one ends the process.
#include "cli/terminal/stop_signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/errors.h"
#include "support/address_space.h"

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

// Nothing checks the token here, whatever holds the program up.
TEST(StopSignalsDeathTest, EndTheProcessSecondsAfterTheFirstSignal) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        StopSignals signals;
        std::raise(SIGTERM);
        std::this_thread::sleep_for(std::chrono::minutes(5));
      },
      testing::ExitedWithCode(75), "");
}

TEST(StopSignalsDeathTest, EndTheProcessAtOnceWhereNothingHasBegun) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) {
    EXPECT_EXIT(
        {
          end_on_stop_signals();
          std::raise(signal);
        },
        testing::ExitedWithCode(75), "");
    EXPECT_EXIT(
        {
          end_on_stop_signals();
          { StopSignals signals; }
          std::raise(signal);  // as before
        },
        testing::ExitedWithCode(75), "");
  }
}

TEST(StopSignals, LeaveNoClockBehind) {
  {
    StopSignals signals;
    std::raise(SIGTERM);
    EXPECT_TRUE(wait_for_stop(signals.token()));
  }
  EXPECT_EQ(::alarm(0), 0U);
}

#ifndef VIRNUCPRO_SANITIZED
TEST(StopSignalsDeathTest, AreRefusedWithoutAThreadAndLeaveNothingBehind) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        test::limit_address_space(std::size_t{4} << 20);  // a stack takes 8 MiB
        try {
          StopSignals signals;
        } catch (const ResourceError&) {
          std::raise(SIGTERM);  // ends the process as it did before
        }
      },
      testing::KilledBySignal(SIGTERM), "");
}
#endif

}  // namespace
}  // namespace virnucpro::cli
