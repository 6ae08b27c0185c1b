// A team of threads: its work, its errors, its end, and a system that refuses threads.
#include "base/worker_group.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <vector>

#include "base/errors.h"
#include "support/address_space.h"

namespace virnucpro {
namespace {

TEST(WorkerGroup, RunsEveryIndexOnce) {
  for (const std::size_t size : {0u, 1u, 2u, 5u}) {
    WorkerGroup group(size);
    for (const std::size_t count : {0u, 1u, 2u, 3u, 1000u}) {
      std::vector<std::atomic<int>> seen(count);
      group.run(count, [&](std::size_t i, std::size_t worker) {
        EXPECT_LT(worker, group.size());
        ++seen[i];
      });
      for (const std::atomic<int>& times : seen) EXPECT_EQ(times, 1);
    }
  }
}

TEST(WorkerGroup, RethrowsAnErrorAndStaysUsable) {
  WorkerGroup group(3);
  EXPECT_THROW(group.run(100,
                         [](std::size_t i, std::size_t) {
                           if (i == 37) throw InputError("37");
                         }),
               InputError);
  std::atomic<int> sum = 0;
  group.run(10, [&](std::size_t i, std::size_t) { sum += static_cast<int>(i); });
  EXPECT_EQ(sum, 45);
}

TEST(WorkerGroup, CallsOnStartOnEachHelperThread) {
  std::atomic<int> started = 0;
  {
    WorkerGroup group(4, [&] { ++started; });
    group.run(8, [](std::size_t, std::size_t) {});
  }
  EXPECT_EQ(started, 3);
}

TEST(WorkerGroup, EndsWhatHasStartedWhenOneCannotStart) {
  std::atomic<int> started = 0;
  const auto on_start = [&] {
    if (++started == 3) throw std::bad_alloc();
  };
  EXPECT_THROW(WorkerGroup(5, on_start), std::bad_alloc);
  EXPECT_EQ(started, 3);
}

TEST(WorkerGroup, BeginsNothingMoreOnceAStopIsRequested) {
  for (const std::size_t size : {1, 3}) {
    WorkerGroup workers(size);
    std::stop_source source;
    std::atomic<int> begun{0};
    std::atomic<int> begun_after_the_request{0};
    const auto task = [&](std::size_t, std::size_t) {
      if (source.stop_requested()) ++begun_after_the_request;
      if (++begun == 5) source.request_stop();
    };
    EXPECT_THROW(workers.run(100'000, task, source.get_token()), Interrupted);
    EXPECT_GE(begun, 5);
    EXPECT_LT(begun_after_the_request, static_cast<int>(size));  // those that others had in hand
    begun = 10;
    workers.run(100, task);  // a token of its own: none
    EXPECT_EQ(begun, 110);
  }
}

#ifndef VIRNUCPRO_SANITIZED
// The threads that had started waited forever for work, and the constructor for them.
TEST(WorkerGroupDeathTest, EndsWhatHasStartedWhenTheSystemRefusesAThread) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        ::alarm(60);
        test::limit_address_space(std::size_t{64} << 20);  // stacks of 8 MiB each
        try {
          WorkerGroup workers(64);
        } catch (const ResourceError& error) {
          std::fputs(error.what(), stderr);
          std::_Exit(3);
        }
      },
      testing::ExitedWithCode(3),
      "the system starts no more threads .*; use fewer --threads, or raise the limit of processes "
      ".'ulimit -u', 'pids' of a container. or of memory .'ulimit -v'.");
}
#endif

}  // namespace
}  // namespace virnucpro
