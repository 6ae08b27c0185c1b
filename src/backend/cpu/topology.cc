#include "backend/cpu/topology.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <optional>
#include <system_error>
#include <utility>

#include "backend/cpu/processor.h"
#include "base/number_text.h"

#ifdef __linux__
#include <sched.h>
#endif

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

/// More than any Linux kernel can be built for; a longer list is damaged.
constexpr int kMostCores = 8192;

std::optional<int> number_of(std::string_view text) {
  const auto number = parse_whole(text, {.high = std::numeric_limits<int>::max()});
  return number ? std::optional<int>(static_cast<int>(*number)) : std::nullopt;
}

/// The nodes' folders: node0, node1, ...; other files lie beside them.
std::vector<std::pair<int, fs::path>> node_folders(const std::string& root) {
  std::vector<std::pair<int, fs::path>> folders;
  std::error_code error;
  for (fs::directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with("node")) continue;
    if (const auto id = number_of(std::string_view(name).substr(4))) {
      folders.emplace_back(*id, entry->path());
    }
  }
  std::ranges::sort(folders);
  return folders;
}

std::size_t core_count(std::span<const NumaNode> nodes) {
  return std::accumulate(nodes.begin(), nodes.end(), std::size_t{0},
                         [](std::size_t sum, const NumaNode& n) { return sum + n.cores.size(); });
}

}  // namespace

std::vector<int> parse_core_list(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::vector<int> cores;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view range = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t dash = std::min(range.find('-'), range.size());
    const auto first = number_of(range.substr(0, dash));
    const auto last = dash == range.size() ? first : number_of(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last >= kMostCores) return {};
    for (int core = *first; core <= *last; ++core) cores.push_back(core);
  }
  std::ranges::sort(cores);
  cores.erase(std::unique(cores.begin(), cores.end()), cores.end());
  return cores;
}

std::vector<NumaNode> numa_nodes(std::span<const int> allowed, const std::string& root) {
  std::vector<int> wanted(allowed.begin(), allowed.end());
  std::ranges::sort(wanted);
  std::vector<NumaNode> nodes;
  for (const auto& [id, folder] : node_folders(root)) {
    std::string text;
    std::ifstream file(folder / "cpulist");
    std::getline(file, text);
    const std::vector<int> cores = parse_core_list(text);
    NumaNode node{id, {}};
    std::ranges::set_intersection(cores, wanted, std::back_inserter(node.cores));
    if (!node.cores.empty()) nodes.push_back(std::move(node));
  }
  if (core_count(nodes) != wanted.size()) return {{0, std::move(wanted)}};
  return nodes;
}

std::size_t CpuPlan::threads() const {
  std::size_t sum = 0;
  for (const CpuWorker& worker : workers) sum += worker.threads;
  return sum;
}

CpuPlan plan_cpu_workers(std::span<const NumaNode> nodes, double quota, std::size_t asked) {
  const auto cores = static_cast<double>(core_count(nodes));
  const auto usable = static_cast<std::size_t>(std::max(1.0, std::min(cores, std::ceil(quota))));
  const std::size_t threads = asked == 0 ? usable : asked;
  CpuPlan plan{{}, std::max<std::size_t>(nodes.size(), 1)};
  if (nodes.size() > 1 && quota >= cores && threads == core_count(nodes)) {
    for (const NumaNode& node : nodes) plan.workers.push_back({node.cores.size(), node.cores});
  } else {
    plan.workers.push_back({threads, {}});
  }
  return plan;
}

CpuPlan plan_cpu_workers(std::size_t asked) {
  return plan_cpu_workers(numa_nodes(allowed_cores()), core_quota(), asked);
}

bool keep_thread_on(std::span<const int> cores) {
  if (cores.empty()) return true;
#ifdef __linux__
  // On the stack: helper threads call this first, and nothing would catch an error of theirs.
  std::array<cpu_set_t, kMostCores / CPU_SETSIZE> set{};
  const std::size_t bytes = sizeof(set);
  for (const int core : cores) CPU_SET_S(static_cast<std::size_t>(core), bytes, set.data());
  return sched_setaffinity(0, bytes, set.data()) == 0;
#else
  return false;
#endif
}

}  // namespace virnucpro
