// NUMA nodes from fake system folders, and how workers are spread over them.
#include "backend/cpu/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>

#include "backend/cpu/processor.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

std::vector<int> range(int count) {
  std::vector<int> cores(static_cast<std::size_t>(count));
  std::iota(cores.begin(), cores.end(), 0);
  return cores;
}

class NumaNodes : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "/numa_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ + "/power");
    std::ofstream(root_ + "/possible") << "0-1\n";
  }
  void add(const std::string& node, const std::string& cpulist) const {
    std::filesystem::create_directories(root_ + "/" + node);
    std::ofstream(root_ + "/" + node + "/cpulist") << cpulist << '\n';
  }
  std::vector<NumaNode> nodes(const std::vector<int>& allowed) const {
    return numa_nodes(allowed, root_);
  }
  std::string root_;
};

TEST(CoreList, ReadsRangesAndSingleCores) {
  EXPECT_THAT(parse_core_list("0-3,8-11\n"), ElementsAre(0, 1, 2, 3, 8, 9, 10, 11));
  EXPECT_THAT(parse_core_list("5,2,2-3"), ElementsAre(2, 3, 5));
  EXPECT_THAT(parse_core_list("0"), ElementsAre(0));
  for (const char* text : {"", "\n", "a", "1-", "3-1", "-1", "1,,2", "0-99999999", "1 2"}) {
    EXPECT_THAT(parse_core_list(text), IsEmpty()) << text;
  }
}

TEST_F(NumaNodes, OneNodeHasAllCores) {
  add("node0", "0-3");
  const auto found = nodes(range(4));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].cores, ElementsAre(0, 1, 2, 3));
}

TEST_F(NumaNodes, TwoNodesShareTheAllowedCores) {
  add("node10", "4-7,12-15");
  add("node2", "0-3,8-11");
  const auto found = nodes({0, 1, 8, 13});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].id, 2);
  EXPECT_THAT(found[0].cores, ElementsAre(0, 1, 8));
  EXPECT_EQ(found[1].id, 10);
  EXPECT_THAT(found[1].cores, ElementsAre(13));
}

TEST_F(NumaNodes, ThoseWithoutAllowedCoresAreLeftOut) {
  add("node0", "0-3");
  add("node1", "");  // memory only
  add("node2", "4-7");
  ASSERT_EQ(nodes(range(8)).size(), 2u);
  const auto found = nodes({5, 6});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, 2);
}

TEST_F(NumaNodes, OfflineCoresInTheirListsDoNotCount) {
  add("node0", "0-7");
  add("node1", "8-15");
  const auto found = nodes({0, 1, 2, 8, 9});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].cores.size() + found[1].cores.size(), 5u);
}

TEST_F(NumaNodes, OneNodeWhereTheSystemDoesNotSay) {
  EXPECT_THAT(numa_nodes(range(3), "/nowhere/node"), testing::SizeIs(1));
  EXPECT_THAT(numa_nodes(range(3), "/nowhere/node")[0].cores, ElementsAre(0, 1, 2));
  add("node0", "0-1");
  EXPECT_THAT(nodes(range(4))[0].cores, ElementsAre(0, 1, 2, 3));  // 2 and 3 are nowhere
  add("node1", "1-3");
  EXPECT_THAT(nodes(range(4)), testing::SizeIs(1));  // 1 is in both
}

const std::vector<NumaNode> kTwoNodes = {{0, {0, 1, 2, 3}}, {1, {4, 5}}};

TEST(CpuPlan, HasAWorkerPerNodeWhenTheProcessUsesAllCores) {
  for (const std::size_t asked : {0u, 6u}) {
    const CpuPlan plan = plan_cpu_workers(kTwoNodes, kNoQuota, asked);
    ASSERT_EQ(plan.workers.size(), 2u);
    EXPECT_EQ(plan.workers[0].threads, 4u);
    EXPECT_THAT(plan.workers[0].cores, ElementsAre(0, 1, 2, 3));
    EXPECT_EQ(plan.workers[1].threads, 2u);
    EXPECT_THAT(plan.workers[1].cores, ElementsAre(4, 5));
    EXPECT_EQ(plan.threads(), 6u);
    EXPECT_EQ(plan.numa_nodes, 2u);
  }
}

TEST(CpuPlan, KeepsThreadsNowhereWithFewerThreadsMoreOrAQuota) {
  const auto expect_one = [](double quota, std::size_t asked, std::size_t threads) {
    const CpuPlan plan = plan_cpu_workers(kTwoNodes, quota, asked);
    ASSERT_EQ(plan.workers.size(), 1u);
    EXPECT_EQ(plan.workers[0].threads, threads);
    EXPECT_THAT(plan.workers[0].cores, IsEmpty());
    EXPECT_EQ(plan.numa_nodes, 2u);
  };
  expect_one(kNoQuota, 5, 5);
  expect_one(kNoQuota, 7, 7);
  expect_one(5.5, 0, 6);
  expect_one(5.5, 6, 6);
  expect_one(2.0, 0, 2);
  expect_one(0.5, 0, 1);
}

TEST(CpuPlan, HasOneWorkerOnOneNode) {
  const CpuPlan plan = plan_cpu_workers(std::vector<NumaNode>{{0, {0, 1}}}, kNoQuota, 0);
  ASSERT_EQ(plan.workers.size(), 1u);
  EXPECT_EQ(plan.workers[0].threads, 2u);
  EXPECT_THAT(plan.workers[0].cores, IsEmpty());
  EXPECT_EQ(plan.numa_nodes, 1u);
}

TEST(CpuPlan, OfThisMachineUsesWhatItMay) {
  EXPECT_EQ(plan_cpu_workers(0).threads(), usable_cores());
  EXPECT_EQ(plan_cpu_workers(3).threads(), 3u);
  EXPECT_LE(usable_cores(), allowed_cores().size());
}

}  // namespace
}  // namespace virnucpro
