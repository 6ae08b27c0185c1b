// NUMA nodes of this machine, and how a run's workers are spread over them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

/// Cores are numbered as the system does, in rising order.
struct NumaNode {
  int id = 0;
  std::vector<int> cores;
};

/// "0-3,8-11" as numbers in rising order; empty for text that is not such a list.
std::vector<int> parse_core_list(std::string_view text);

/// The nodes that have any of the `allowed` cores, by id, with those cores. Where `root` does not
/// say to which node each core belongs, the result is one node of all allowed cores.
std::vector<NumaNode> numa_nodes(std::span<const int> allowed,
                                 const std::string& root = "/sys/devices/system/node");

/// One CpuBackend: its threads, and the cores they are kept on (none: wherever the system likes).
struct CpuWorker {
  std::size_t threads = 1;
  std::vector<int> cores;
};

struct CpuPlan {
  std::vector<CpuWorker> workers;
  std::size_t numa_nodes = 1;

  std::size_t threads() const;
};

/// A worker per node, kept on its cores, when the run has a thread for every allowed core and no
/// quota (cores of CPU time, infinite for none) below them. Otherwise one worker that is kept
/// nowhere: two runs that share a machine must not sit on the same cores. `asked` 0: all.
CpuPlan plan_cpu_workers(std::span<const NumaNode> nodes, double quota, std::size_t asked);

/// The same for this machine and process.
CpuPlan plan_cpu_workers(std::size_t asked);

/// Keeps the calling thread on `cores`; empty: changes nothing. False where the system refuses.
bool keep_thread_on(std::span<const int> cores);

}  // namespace virnucpro
