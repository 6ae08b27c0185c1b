// The command lines that give a planned run to Slurm.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/estimate.h"

namespace virnucpro::cli {

struct BatchJob {
  std::vector<std::string> inputs;
  std::vector<std::string> options;  ///< words, for predict
  bool on_gpus = false;
  std::size_t devices = 1;
  std::size_t threads = 1;
  double memory_bytes = 0.0;  ///< of each shard, at most
};

/// A word as a shell takes it: quoted where it has to be.
std::string shell_word(const std::string& word);

/// "1:02:00" for a limit of time, up to the next minute.
std::string slurm_time(double seconds);

/// Two lines: the array of the shards, and the merge behind it.
std::string batch_lines(const BatchJob& job, const ShardPlan& plan);

}  // namespace virnucpro::cli
