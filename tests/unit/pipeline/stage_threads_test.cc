// All stages of a run begin, or none; the first error ends all.
#include "pipeline/stage_threads.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "base/bounded_queue.h"
#include "base/errors.h"
#include "support/address_space.h"

namespace virnucpro {
namespace {

TEST(StageThreads, RunsEveryStageOnItsThread) {
  BoundedQueue<int> there(1);
  BoundedQueue<int> back(1);
  StageThreads threads([] {});
  threads.add([&] {
    there.push(1);
    EXPECT_EQ(back.pop(), 2);
  });
  threads.add([&] {
    EXPECT_EQ(there.pop(), 1);
    back.push(2);
  });
  threads.run();
}

TEST(StageThreads, TheFirstErrorCancelsTheOthersAndIsRethrown) {
  BoundedQueue<int> never(1);
  std::atomic<int> cancelled{0};
  StageThreads threads([&] {
    ++cancelled;
    never.cancel();
  });
  threads.add([&] { EXPECT_EQ(never.pop(), std::nullopt); });
  threads.add([] { throw InputError("broken"); });
  threads.add([&] {
    never.pop();
    throw InputError("broken later");
  });
  EXPECT_THROW(
      try { threads.run(); } catch (const InputError& error) {
        EXPECT_STREQ(error.what(), "broken");
        throw;
      },
      InputError);
  EXPECT_EQ(cancelled, 1);
}

#ifndef VIRNUCPRO_SANITIZED
// Stages wait for each other: with one missing the others would wait for ever.
TEST(StageThreadsDeathTest, BeginsNoStageWhenTheSystemRefusesAThread) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        ::alarm(60);
        StageThreads threads([] {});
        std::atomic<int> begun{0};
        for (int i = 0; i < 64; ++i) threads.add([&] { ++begun; });
        test::limit_address_space(std::size_t{64} << 20);  // stacks of 8 MiB each
        try {
          threads.run();
        } catch (const ResourceError& error) {
          std::fputs(error.what(), stderr);
          std::_Exit(begun == 0 ? 3 : 4);
        }
      },
      testing::ExitedWithCode(3), "the system starts no more threads");
}
#endif

}  // namespace
}  // namespace virnucpro
