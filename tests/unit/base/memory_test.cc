// What is left of the machine's memory and of control groups, read from files made for the test.
#include "base/memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMega = std::uint64_t{1} << 20;

class AvailableMemory : public testing::Test {
 protected:
  AvailableMemory()
      : root_(fs::temp_directory_path() / ("virnucpro_memory_" + std::to_string(::getpid()))) {
    fs::remove_all(root_);
    write("/proc/meminfo",
          "MemTotal:       65536 kB\nMemFree:         1024 kB\nMemAvailable:   40960 kB\n");
  }
  ~AvailableMemory() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_.string() + path).substr(0, (root_.string() + path).rfind('/')));
    std::ofstream(root_.string() + path) << text;
  }
  void write_group(const std::string& folder, const std::string& most, std::uint64_t usage,
                   std::uint64_t inactive) const {
    write("/sys/fs/cgroup" + folder + "/memory.max", most + "\n");
    write("/sys/fs/cgroup" + folder + "/memory.current", std::to_string(usage) + "\n");
    write("/sys/fs/cgroup" + folder + "/memory.stat",
          "anon 5\ninactive_anon 7\ninactive_file " + std::to_string(inactive) + "\n");
  }
  std::optional<std::uint64_t> available() const { return available_memory(root_.string()); }

  fs::path root_;
};

TEST_F(AvailableMemory, IsWhatTheMachineHasWithoutControlGroups) {
  EXPECT_EQ(available(), 40 * kMega);
}

TEST_F(AvailableMemory, IsAbsentWhereTheSystemDoesNotSay) {
  write("/proc/meminfo", "MemTotal: 65536 kB\n");
  EXPECT_EQ(available(), std::nullopt);
  fs::remove_all(root_);
  EXPECT_EQ(available(), std::nullopt);
}

TEST_F(AvailableMemory, IsAtMostWhatTheGroupHasLeft) {
  write("/proc/self/cgroup", "0::/jobs/17\n");
  write_group("/jobs/17", std::to_string(30 * kMega), 12 * kMega, 2 * kMega);
  EXPECT_EQ(available(), 20 * kMega);
  write_group("/jobs/17", "max", 12 * kMega, 0);
  EXPECT_EQ(available(), 40 * kMega);
  write_group("/jobs/17", std::to_string(30 * kMega), 31 * kMega, 0);  // above its limit
  EXPECT_EQ(available(), 0u);
}

TEST_F(AvailableMemory, HeedsTheLimitsOfAncestorsAndOfTheRootOfAContainer) {
  write("/proc/self/cgroup", "0::/jobs/17\n");
  write_group("/jobs/17", std::to_string(30 * kMega), 0, 0);
  write_group("/jobs", std::to_string(16 * kMega), 10 * kMega, 0);
  EXPECT_EQ(available(), 6 * kMega);
  write_group("", std::to_string(5 * kMega), 1 * kMega, 0);
  EXPECT_EQ(available(), 4 * kMega);
  write("/proc/self/cgroup", "0::/\n");
  EXPECT_EQ(available(), 4 * kMega);
}

TEST_F(AvailableMemory, ReadsVersionOneOfControlGroups) {
  write("/proc/self/cgroup", "9:cpu,cpuacct:/x\n4:memory:/jobs/17\n0::/\n");
  const std::string folder = "/sys/fs/cgroup/memory/jobs/17";
  write(folder + "/memory.limit_in_bytes", std::to_string(30 * kMega) + "\n");
  write(folder + "/memory.usage_in_bytes", std::to_string(12 * kMega) + "\n");
  write(folder + "/memory.stat", "cache 1\ntotal_inactive_file " + std::to_string(kMega) + "\n");
  EXPECT_EQ(available(), 19 * kMega);
  // What version 1 says where there is no limit.
  write(folder + "/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(available(), 40 * kMega);
}

TEST(AvailableMemoryHere, IsNotNothing) { EXPECT_GT(available_memory().value_or(1), 0u); }

}  // namespace
}  // namespace virnucpro
