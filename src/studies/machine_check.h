// What this machine and the limits of this process offer to a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "studies/diagnosis.h"

namespace virnucpro {

/// The numbers that are judged; absent or 0 where the system does not say. Tests make their own.
struct MachineFacts {
  std::string processor;
  std::string instructions;
  std::size_t cores = 0;   ///< in the affinity mask
  std::size_t usable = 0;  ///< at most the quota of the control group
  std::size_t numa_nodes = 1;
  std::uint64_t memory = 0;                 ///< bytes of the machine
  std::optional<std::uint64_t> available;   ///< bytes, control groups counted
  std::optional<std::uint64_t> addresses;   ///< the limit of the process (ulimit -v); absent: none
  std::uint64_t open_files = 0;             ///< soft limit
  std::optional<std::uint64_t> file_bytes;  ///< largest file (ulimit -f); absent: any
};

/// What the system says of this process.
MachineFacts machine_facts();

/// Processor, memory and limits. `needed_bytes`: memory of the models that a run would take. Pure.
std::vector<Diagnosis> judge_machine(const MachineFacts& facts, std::uint64_t needed_bytes);

/// A folder that a run writes to, or would make: what it is for, and its path.
struct UsedFolder {
  std::string use;
  std::string path;
};

/// Free space and permission of each; of one that does not exist, of the nearest that does.
std::vector<Diagnosis> judge_folders(const std::vector<UsedFolder>& folders);

}  // namespace virnucpro
