// Stopwatches and tasks on threads.
#include "base/stopwatch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/thread_task.h"

namespace virnucpro {
namespace {

TEST(Stopwatch, BeginsAnewAfterALap) {
  Stopwatch watch;
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_GE(watch.seconds(), 0.03);
  const Stopwatch since;
  EXPECT_GE(watch.lap(), 0.03);
  const double after = watch.seconds();
  EXPECT_LE(after, since.seconds()) << "it began anew after the other one";
}

TEST(ThreadTask, GivesTheValueOrTheErrorOfItsThread) {
  const std::thread::id here = std::this_thread::get_id();
  ThreadTask<bool> elsewhere([here] { return std::this_thread::get_id() != here; });
  EXPECT_TRUE(elsewhere.get());
  ThreadTask<void> failing([] { throw std::runtime_error("no"); });
  EXPECT_THROW(failing.get(), std::runtime_error);
}

TEST(ThreadTask, IsAwaitedWhenNobodyAsks) {
  std::atomic<int> done = 0;
  {
    std::vector<ThreadTask<void>> tasks;
    for (int i = 0; i < 3; ++i) {
      tasks.emplace_back([&done] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        ++done;
      });
    }
  }
  EXPECT_EQ(done, 3);
}

}  // namespace
}  // namespace virnucpro
