#include "studies/machine_check.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "backend/cpu/processor.h"
#include "backend/cpu/topology.h"
#include "base/counted.h"
#include "base/format.h"
#include "base/gigabytes.h"
#include "base/memory.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

// What a run takes beside its models: windows in flight, tables, the longest record of usual
// inputs.
constexpr std::uint64_t kRunBytes = std::uint64_t{1} << 30;
// A run has some 30 files open: inputs, database, tables and their temporary names, models.
constexpr std::uint64_t kLeastFiles = 64;
constexpr std::uint64_t kUsualFiles = 256;
// Tables of a small run, and of an hour of work.
constexpr std::uint64_t kLeastDiskBytes = std::uint64_t{100} << 20;
constexpr std::uint64_t kUsualDisk = std::uint64_t{5} << 30;

std::optional<std::uint64_t> soft_limit(decltype(RLIMIT_AS) which) {
  rlimit limit{};
  if (::getrlimit(which, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

/// The folder itself, or the nearest above it that is there.
fs::path existing(const std::string& path) {
  std::error_code error;
  fs::path folder = fs::absolute(path, error);
  while (!fs::exists(folder, error) && folder.has_parent_path() && folder != folder.parent_path()) {
    folder = folder.parent_path();
  }
  return folder;
}

Diagnosis judge_folder(const UsedFolder& used) {
  const fs::path folder = existing(used.path);
  Diagnosis result{"disks", used.use, Finding::kGood, {}, {}};
  const std::string name = fmt::format("{} ({})", used.path, folder.string());
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    result.finding = Finding::kFailure;
    result.text = fmt::format("{} is not a folder", folder.string());
    result.mend = "Name another folder, or move the file of that name away.";
    return result;
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    result.finding = Finding::kFailure;
    result.text = fmt::format("{}: cannot be written: {}", name, std::strerror(errno));
    result.mend = "Name another folder, or ask for permission to write there.";
    return result;
  }
  struct statvfs space {};
  if (::statvfs(folder.c_str(), &space) != 0) {
    result.finding = Finding::kWarning;
    result.text = fmt::format("{}: the free space is not known: {}", name, std::strerror(errno));
    result.mend = "Look at it with 'df'.";
    return result;
  }
  const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize;
  result.text = fmt::format("{}: {} free", name, gigabytes(free));
  if (free < kLeastDiskBytes) {
    result.finding = Finding::kFailure;
    result.mend =
        fmt::format("Free at least {} there, or name another folder.", gigabytes(kLeastDiskBytes));
  } else if (free < kUsualDisk) {
    result.finding = Finding::kWarning;
    result.mend = "Large runs write gigabytes of tables: free some space, or name another folder.";
  }
  return result;
}

}  // namespace

MachineFacts machine_facts() {
  MachineFacts facts;
  facts.processor = processor_name();
  facts.instructions = describe(instruction_set());
  const std::vector<int> allowed = allowed_cores();
  facts.cores = allowed.size();
  facts.usable = usable_cores();
  facts.numa_nodes = numa_nodes(allowed).size();
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGE_SIZE);
  if (pages > 0 && page > 0) {
    facts.memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
  }
  facts.available = available_memory();
  facts.addresses = soft_limit(RLIMIT_AS);
  facts.open_files = soft_limit(RLIMIT_NOFILE).value_or(1 << 20);
  facts.file_bytes = soft_limit(RLIMIT_FSIZE);
  return facts;
}

std::vector<Diagnosis> judge_machine(const MachineFacts& facts, std::uint64_t needed_bytes) {
  std::vector<Diagnosis> found;
  found.push_back({"processor",
                   "name",
                   Finding::kGood,
                   fmt::format("{}; {}", facts.processor, facts.instructions),
                   {}});
  Diagnosis cores{"processor",
                  "cores",
                  Finding::kGood,
                  fmt::format("{} on {}", counted(facts.usable, "core"),
                              counted(facts.numa_nodes, "NUMA node")),
                  {}};
  if (facts.usable < facts.cores) {
    cores.finding = Finding::kWarning;
    cores.text += fmt::format(", of {} that the process may run on", facts.cores);
    cores.mend =
        "The control group of this process (container, job) has a quota of processor time: ask for "
        "more of it there.";
  }
  found.push_back(cores);

  const std::uint64_t needed = needed_bytes + kRunBytes;
  Diagnosis memory{"memory", "available", Finding::kGood, "the system does not say", {}};
  if (facts.available) {
    memory.text =
        fmt::format("{} of {}, a run with these models takes up to {}", gigabytes(*facts.available),
                    gigabytes(facts.memory), gigabytes(needed));
    if (*facts.available < needed_bytes + needed_bytes / 8) {
      memory.finding = Finding::kFailure;
      memory.mend =
          "End other programs, raise the limit of the job or container, or take smaller models "
          "(--bundle).";
    } else if (*facts.available < needed) {
      memory.finding = Finding::kWarning;
      memory.mend =
          "Batches will be small. End other programs, or raise the limit of the job or container.";
    }
  }
  found.push_back(memory);

  Diagnosis addresses{"limits", "addresses (ulimit -v)", Finding::kGood, "none", {}};
  if (facts.addresses) {
    addresses.text = gigabytes(*facts.addresses);
    // Files of models are mapped, and each thread has a stack and a heap of addresses of its own.
    if (*facts.addresses < needed + facts.usable * (std::uint64_t{80} << 20)) {
      addresses.finding = Finding::kFailure;
      addresses.mend =
          "Raise it: 'ulimit -v unlimited', or the limit of virtual memory of the job.";
    }
  }
  found.push_back(addresses);
  Diagnosis files{
      "limits", "open files (ulimit -n)", Finding::kGood, fmt::format("{}", facts.open_files), {}};
  if (facts.open_files < kLeastFiles) {
    files.finding = Finding::kFailure;
  } else if (facts.open_files < kUsualFiles) {
    files.finding = Finding::kWarning;
  }
  if (files.finding != Finding::kGood) files.mend = "Raise it: 'ulimit -n 1024'.";
  found.push_back(files);
  Diagnosis size{"limits", "size of a file (ulimit -f)", Finding::kGood, "none", {}};
  if (facts.file_bytes) {
    size.text = gigabytes(*facts.file_bytes);
    size.finding = *facts.file_bytes < kLeastDiskBytes ? Finding::kFailure : Finding::kWarning;
    size.mend = "Raise it: 'ulimit -f unlimited'. The run's database and tables can become larger.";
  }
  found.push_back(size);
  return found;
}

std::vector<Diagnosis> judge_folders(const std::vector<UsedFolder>& folders) {
  std::vector<Diagnosis> found;
  for (const UsedFolder& folder : folders) found.push_back(judge_folder(folder));
  return found;
}

}  // namespace virnucpro
