// What this machine offers, as Linux tells it.
#include "backend/cpu/processor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif
#include "hwy/highway.h"

namespace virnucpro {
namespace {

/// The path of this process inside the unified control group hierarchy: the line "0::/path".
std::string control_group() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return "/";
}

/// Cores allowed by one cpu.max file, "200000 100000" or "max 100000"; infinity when it says none.
double cores_in_quota(const std::string& path) {
  std::ifstream file(path);
  double quota = 0.0;
  double period = 0.0;
  if (file >> quota >> period && quota > 0.0 && period > 0.0) return quota / period;
  return std::numeric_limits<double>::infinity();
}

}  // namespace

std::vector<int> allowed_cores() {
  std::vector<int> cores;
#ifdef __linux__
  // Room for 8192 processors, more than any kernel is built for.
  std::array<cpu_set_t, 8> set{};
  if (sched_getaffinity(0, sizeof(set), set.data()) == 0) {
    for (std::size_t core = 0; core < 8 * sizeof(set); ++core) {
      if (CPU_ISSET_S(core, sizeof(set), set.data())) cores.push_back(static_cast<int>(core));
    }
  }
#endif
  if (cores.empty()) {
    cores.resize(std::max(1u, std::thread::hardware_concurrency()));
    std::iota(cores.begin(), cores.end(), 0);
  }
  return cores;
}

double core_quota() {
  // A limit of any ancestor holds too. Inside a container its own group often shows as the root.
  double cores = cores_in_quota("/sys/fs/cgroup/cpu.max");
  const std::string group = control_group();
  for (std::size_t end = group.find('/', 1); group.size() > 1;) {
    cores = std::min(cores, cores_in_quota("/sys/fs/cgroup" + group.substr(0, end) + "/cpu.max"));
    if (end == std::string::npos) break;
    end = group.find('/', end + 1);
  }
  return cores;
}

std::size_t usable_cores() {
  const auto cores = static_cast<double>(allowed_cores().size());
  return static_cast<std::size_t>(std::max(1.0, std::min(cores, std::ceil(core_quota()))));
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "processor";
}

std::int64_t kernel_target() {
  // Targets are bits, of which the lowest is the best.
  const std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  return targets == 0 ? HWY_STATIC_TARGET : targets & -targets;
}

const InstructionSet& instruction_set() {
  static const InstructionSet kSet = [] {
    std::ifstream file("/proc/cpuinfo");
    return instruction_set_of(read_processor_flags(file));
  }();
  return kSet;
}

}  // namespace virnucpro
