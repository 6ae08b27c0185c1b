#include "cli/commands/merge/merge_command.h"

#include <sys/resource.h>

#include "cli/command_line/command_options.h"
#include "cli/commands/merge/merge_settings.h"
#include "cli/commands/shared/result_log.h"
#include "cli/commands/shared/shown_work.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "jobs/merge.h"

namespace virnucpro::cli {
namespace {

/// Every shard needs two or three files, and a process may raise the usual limit of 1024 by
/// itself.
void allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // if it fails, too many shards give a clear error
}

void merge(Context& context, const MergeSettings& settings) {
  const Log log = log_for(context, settings.common);
  log_origins(log, settings.common);
  allow_many_files();
  MergeRequest request = settings.request;
  request.command_line = command_line_of(context);
  InputGuard inputs;
  for (const std::string& folder : request.folders) {
    inputs.add("the shard", folder);
    add_inputs_of_run(inputs, "the shard", folder);
  }
  inputs.add("--config", settings.common.config);
  inputs.require_streams_apart();
  inputs.require_apart(request.output, prediction_names(/*with_database=*/true));
  const StoredResults results = [&] {
    ShownWork shown(context, log, settings.common);
    return merge_shards(request, log, context.stop, shown.progress());
  }();
  log_results(results, request.output, log);
}

}  // namespace

void add_merge_command(CLI::App& app, Context& context) {
  CommandOptions taken(
      app, context, "merge", "Join the shards of a run (predict --shard) into one result",
      {"virnucpro merge shard_1 shard_2 shard_3 -o results", "virnucpro merge shard_* -o results"});
  taken.arguments("SHARD_DIR", "Output folders of 'predict --shard', all of a run, in any order",
                  "the path of a folder", /*are_needed=*/true);
  taken.run_with(Command::kMerge, [&context](const std::vector<std::string>& arguments,
                                             const GivenOptions& options) {
    merge(context, merge_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
