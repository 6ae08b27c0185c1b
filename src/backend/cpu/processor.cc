// What this machine offers, read from Linux where there is one.
#include "backend/cpu/processor.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace virnucpro {
namespace {

std::size_t cores_in_affinity_mask() {
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails where the machine has more than 1024 processors: then the mask is not known.
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return static_cast<std::size_t>(CPU_COUNT(&set));
  }
#endif
  return std::thread::hardware_concurrency();
}

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

double cores_in_control_group() {
  // A limit of any ancestor holds too. Inside a container the own group often shows as the root.
  double cores = cores_in_quota("/sys/fs/cgroup/cpu.max");
  const std::string group = control_group();
  for (std::size_t end = group.find('/', 1); group.size() > 1;) {
    cores = std::min(cores, cores_in_quota("/sys/fs/cgroup" + group.substr(0, end) + "/cpu.max"));
    if (end == std::string::npos) break;
    end = group.find('/', end + 1);
  }
  return cores;
}

}  // namespace

std::size_t usable_cores() {
  const auto cores = static_cast<double>(cores_in_affinity_mask());
  return static_cast<std::size_t>(
      std::max(1.0, std::min(cores, std::ceil(cores_in_control_group()))));
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "processor";
}

}  // namespace virnucpro
