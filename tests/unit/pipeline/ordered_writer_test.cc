// Items come in any order and leave in the order of their numbers, one at a time, none lost.
#include "pipeline/ordered_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/errors.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(OrderedWriter, HandsOnByNumberInWhateverOrderItemsCome) {
  std::vector<std::uint64_t> order = {0, 1, 2, 3, 4};
  do {
    std::vector<int> written;
    OrderedWriter<int> writer([&](int item) { written.push_back(item); });
    for (const std::uint64_t number : order) writer.add(number, static_cast<int>(10 * number));
    EXPECT_THAT(written, ElementsAre(0, 10, 20, 30, 40)) << testing::PrintToString(order);
    EXPECT_EQ(writer.waiting(), 0u);
    EXPECT_EQ(writer.next(), 5u);
  } while (std::ranges::next_permutation(order).found);
}

TEST(OrderedWriter, HandsOnAtOnceWhatIsDue) {
  std::vector<int> written;
  OrderedWriter<int> writer([&](int item) { written.push_back(item); });
  writer.add(2, 2);
  writer.add(1, 1);
  EXPECT_THAT(written, IsEmpty());
  writer.add(0, 0);
  EXPECT_THAT(written, ElementsAre(0, 1, 2));
  writer.add(3, 3);
  EXPECT_THAT(written, ElementsAre(0, 1, 2, 3));
}

TEST(OrderedWriter, MovesItems) {
  std::string written;
  OrderedWriter<std::unique_ptr<std::string>> writer(
      [&](std::unique_ptr<std::string> item) { written += *item; });
  writer.add(1, std::make_unique<std::string>("b"));
  writer.add(0, std::make_unique<std::string>("a"));
  EXPECT_EQ(written, "ab");
}

TEST(OrderedWriter, WritesOneAtATimeAndLosesNothingAcrossThreads) {
  constexpr std::uint64_t kItems = 4000;
  constexpr std::size_t kThreads = 4;
  std::vector<std::uint64_t> numbers(kItems);
  std::iota(numbers.begin(), numbers.end(), 0);
  std::ranges::shuffle(numbers, std::mt19937(3));

  std::vector<std::uint64_t> written;
  std::atomic<int> inside = 0;
  std::atomic<bool> was_alone = true;
  OrderedWriter<std::uint64_t> writer([&](std::uint64_t item) {
    if (inside.fetch_add(1) != 0) was_alone = false;
    written.push_back(item);
    inside.fetch_sub(1);
  });
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (std::size_t k = i; k < kItems; k += kThreads) writer.add(numbers[k], numbers[k]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(was_alone);
  ASSERT_EQ(written.size(), kItems);
  EXPECT_TRUE(std::ranges::is_sorted(written));
  EXPECT_EQ(writer.waiting(), 0u);
}

TEST(OrderedWriter, LetsOthersLeaveTheirItemsWhileOneIsWritten) {
  std::promise<void> begun;
  std::promise<void> may_end;
  std::vector<std::thread::id> writers;
  OrderedWriter<int> writer([&](int item) {
    writers.push_back(std::this_thread::get_id());
    if (item > 0) return;
    begun.set_value();
    may_end.get_future().wait();
  });
  std::thread slow([&] { writer.add(0, 0); });
  const std::thread::id slow_id = slow.get_id();
  begun.get_future().wait();
  writer.add(1, 1);  // returns, though nothing can be written now
  writer.add(2, 2);
  EXPECT_EQ(writer.waiting(), 2u);
  may_end.set_value();
  slow.join();
  EXPECT_THAT(writers, ElementsAre(slow_id, slow_id, slow_id));
}

TEST(OrderedWriter, TakesItemsFromItsOwnConsumer) {
  std::vector<int> written;
  OrderedWriter<int>* self = nullptr;
  OrderedWriter<int> writer([&](int item) {
    written.push_back(item);
    if (item < 3) self->add(static_cast<std::uint64_t>(item) + 1, item + 1);
  });
  self = &writer;
  writer.add(0, 0);
  EXPECT_THAT(written, ElementsAre(0, 1, 2, 3));
}

TEST(OrderedWriter, PassesOnAnErrorAndHandsOnNothingAfterIt) {
  std::vector<int> written;
  OrderedWriter<int> writer([&](int item) {
    if (item == 1) throw OutputError("full");
    written.push_back(item);
  });
  writer.add(2, 2);
  writer.add(1, 1);  // waits, so its error is not this caller's
  EXPECT_THROW(writer.add(0, 0), OutputError);
  writer.add(3, 3);
  EXPECT_THAT(written, ElementsAre(0));
  EXPECT_EQ(writer.waiting(), 2u);
}

TEST(OrderedWriter, HoldsWhatWaitsBehindAnItemThatNeverComes) {
  int written = 0;
  OrderedWriter<std::shared_ptr<int>> writer([&](const std::shared_ptr<int>&) { ++written; });
  const auto item = std::make_shared<int>(7);
  writer.add(0, item);
  writer.add(2, item);
  writer.add(3, item);
  EXPECT_EQ(written, 1);
  EXPECT_EQ(writer.next(), 1u);  // the one that is missing
  EXPECT_EQ(writer.waiting(), 2u);
  EXPECT_EQ(item.use_count(), 3);  // what was handed on is not held
}

TEST(OrderedWriter, RefusesANumberThatCameBefore) {
  OrderedWriter<int> writer([](int) {});
  writer.add(0, 0);
  writer.add(2, 2);
  EXPECT_THROW(writer.add(0, 0), ContractError);
  EXPECT_THROW(writer.add(2, 2), ContractError);
}

}  // namespace
}  // namespace virnucpro
