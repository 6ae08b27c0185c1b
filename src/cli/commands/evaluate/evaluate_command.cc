#include "cli/commands/evaluate/evaluate_command.h"

#include <string>

#include "cli/command_line/command_options.h"
#include "cli/command_line/help.h"
#include "cli/commands/evaluate/evaluate_settings.h"
#include "cli/commands/shared/shown_work.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "jobs/evaluate.h"
#include "report/evaluation_files.h"

namespace virnucpro::cli {
namespace {

void evaluate_run(Context& context, const EvaluateSettings& settings) {
  const Log log = log_for(context, settings.common);
  log_origins(log, settings.common);
  const std::string& output = settings.output;
  InputGuard inputs;
  add_run(inputs, "the run", settings.request.folder);
  inputs.add("--labels", settings.request.labels);
  inputs.add("--config", settings.common.config);
  inputs.require_streams_apart();
  if (!output.empty()) inputs.require_apart(output, evaluation_file_names());
  if (!output.empty()) require_free_evaluation_folder(output, settings.force);
  EvaluationReport report = [&] {
    ShownWork shown(context, log, settings.common);
    return evaluate_results(settings.request, log, context.stop, shown.progress());
  }();
  report.program_version = program_version();
  report.command_line = command_line_of(context);
  if (!output.empty()) publish_evaluation(output, report);
  context.console.print(evaluation_summary(report));
  context.console.flush();
}

}  // namespace

void add_evaluate_command(CLI::App& app, Context& context) {
  CommandOptions taken(
      app, context, "evaluate", "Judge a finished run by what its records are known to be",
      {"virnucpro evaluate results --labels labels.tsv",
       "virnucpro evaluate results --labels labels.tsv --threshold 0.9 -o judged"});
  taken.argument("DIR", "Output folder of 'predict' or 'merge'", "the path of a folder");
  taken.run_with(Command::kEvaluate, [&context](const std::vector<std::string>& arguments,
                                                const GivenOptions& options) {
    evaluate_run(context, evaluate_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
