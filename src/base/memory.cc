// What Linux says in /proc/meminfo and in the files of control groups.
#include "base/memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>

namespace virnucpro {
namespace {

/// The number after `name` in lines "name number"; without a name, the only number in the file.
std::optional<std::uint64_t> number_in(const std::string& path, std::string_view name = "") {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    std::uint64_t number = 0;
    if (!name.empty() && !(words >> word && word == name)) continue;
    if (words >> number) return number;
    return std::nullopt;  // "max"
  }
  return std::nullopt;
}

/// The names of the files in which one version of control groups keeps its numbers.
struct GroupFiles {
  const char* limit;
  const char* usage;
  const char* droppable;  // in memory.stat: cached files not used lately
};

constexpr GroupFiles kVersion1 = {"/memory.limit_in_bytes", "/memory.usage_in_bytes",
                                  "total_inactive_file"};
constexpr GroupFiles kVersion2 = {"/memory.max", "/memory.current", "inactive_file"};

/// What the group in `folder` has left; absent when it has no limit.
std::optional<std::uint64_t> left_in_group(const std::string& folder, const GroupFiles& files) {
  const std::optional<std::uint64_t> limit = number_in(folder + files.limit);
  const std::optional<std::uint64_t> usage = number_in(folder + files.usage);
  if (!limit || !usage) return std::nullopt;
  const std::uint64_t droppable = number_in(folder + "/memory.stat", files.droppable).value_or(0);
  const std::uint64_t taken = *usage - std::min(*usage, droppable);
  return *limit - std::min(*limit, taken);
}

/// The least of `available` and what the group and its ancestors have left. Inside a container the
/// path of the group may not exist: its own group then shows as the root.
std::uint64_t least_of_groups(std::uint64_t available, const std::string& root,
                              const std::string& group, const GroupFiles& files) {
  for (std::size_t end = 0; end != std::string::npos; end = group.find('/', end + 1)) {
    const auto left = left_in_group(root + group.substr(0, end), files);
    available = std::min(available, left.value_or(available));
    if (end + 1 >= group.size()) return available;
  }
  return std::min(available, left_in_group(root + group, files).value_or(available));
}

}  // namespace

std::optional<std::uint64_t> available_memory(const std::string& root) {
  const auto kilobytes = number_in(root + "/proc/meminfo", "MemAvailable:");
  if (!kilobytes) return std::nullopt;
  std::uint64_t available = *kilobytes * 1024;
  // Lines "number:controllers:/path"; version 2 has the number 0 and no controllers.
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    const std::string mount = root + "/sys/fs/cgroup";
    if (controllers == ",,") available = least_of_groups(available, mount, group, kVersion2);
    if (controllers.find(",memory,") != std::string::npos) {
      available = least_of_groups(available, mount + "/memory", group, kVersion1);
    }
  }
  return available;
}

bool has_reached_memory_limit() {
  // Libraries ask for less at a time; malloc asks the system for a bit more than they do.
  constexpr std::uint64_t kNearly = std::uint64_t{4} << 20;
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  const std::uint64_t peak = number_in("/proc/self/status", "VmPeak:").value_or(0) * 1024;
  return peak + kNearly >= limit.rlim_cur;
}

}  // namespace virnucpro
