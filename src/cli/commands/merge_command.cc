#include "cli/commands/merge_command.h"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command_line/help.h"
#include "cli/commands/shared/result_log.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "pipeline/merge.h"

namespace virnucpro::cli {
namespace {

struct MergeArguments {
  MergeRequest request;
  OutputOptions log;
};

/// Every shard takes two or three files, and the usual limit of 1024 is one that a process may
/// raise.
void allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // without it, many shards are an error that says so
}

void merge(Context& context, MergeArguments& arguments) {
  const Log log = log_for(context, arguments.log);
  allow_many_files();
  MergeRequest& request = arguments.request;
  request.command_line = command_line_of(context);
  InputGuard inputs;
  for (const std::string& folder : request.folders) inputs.add("the shard", folder);
  inputs.require_streams_apart();
  inputs.require_apart(request.output, prediction_names(/*with_database=*/true));
  const StoredResults results = merge_shards(request, log, context.stop);
  log_results(results, request.output, log);
}

}  // namespace

void add_merge_command(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("merge", "Join the shards of a run (predict --shard) into one result");
  auto arguments = std::make_shared<MergeArguments>();
  MergeRequest& request = arguments->request;
  CommandOptions options(*command, context);
  options
      .arguments("SHARD_DIR", "DIR",
                 "Output folders of 'predict --shard', all of a run, in any order", request.folders)
      .required();
  options.text("-o,--output-dir", "DIR", "Folder of the results", request.output).required();
  options.flag("--force", "Replace results that are there already.", request.force);
  add_output_options(options, arguments->log);
  command->footer(help_footer({"virnucpro merge shard_1 shard_2 shard_3 -o results",
                               "virnucpro merge shard_* -o results"}));
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { merge(context, *arguments); };
  });
}

}  // namespace virnucpro::cli
