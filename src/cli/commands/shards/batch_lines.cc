#include "cli/commands/shards/batch_lines.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/format.h"

namespace virnucpro::cli {
namespace {

/// The memory that the system must not take away in the middle is asked for with room to spare.
constexpr double kMemoryFactor = 1.5;
constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

std::string words(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& word : list) text += " " + shell_word(word);
  return text;
}

}  // namespace

std::string shell_word(const std::string& word) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./,:=+@%").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::ranges::all_of(word, is_plain)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string slurm_time(double seconds) {
  const auto minutes = static_cast<std::uint64_t>(std::ceil(seconds / 60.0));
  return fmt::format("{}:{:02}:00", minutes / 60, minutes % 60);
}

std::string batch_lines(const BatchJob& job, const ShardPlan& plan) {
  std::string limits;  // known where the models were measured
  if (plan.limit_seconds > 0.0) {
    limits = fmt::format(
        " --mem={}G --time={}",
        std::max<std::uint64_t>(
            1, static_cast<std::uint64_t>(std::ceil(kMemoryFactor * job.memory_bytes / kGibibyte))),
        slurm_time(plan.limit_seconds));
  }
  const std::string device = job.on_gpus ? fmt::format("--gpus={} --cpus-per-task=4", job.devices)
                                         : fmt::format("--cpus-per-task={}", job.threads);
  std::string options = words(job.options);
  if (!options.empty()) options = " --" + options;
  return fmt::format(
      "array=$(sbatch --parsable --array=1-{} {}{} virnucpro_array.sh {} "
      "virnucpro_out{}{})\n"
      "sbatch --dependency=afterok:$array --kill-on-invalid-dep=yes virnucpro_merge.sh {} "
      "virnucpro_out\n",
      plan.shards, device, limits, plan.shards, words(job.inputs), options, plan.shards);
}

}  // namespace virnucpro::cli
