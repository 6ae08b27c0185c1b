#include "cli/commands/evaluate_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/command_line/help.h"
#include "cli/command_line/labels_option.h"
#include "cli/command_line/threshold_option.h"
#include "cli/commands/shared/result_log.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "pipeline/evaluate_results.h"
#include "report/evaluation_files.h"

namespace virnucpro::cli {
namespace {

struct EvaluateArguments {
  EvaluationRequest request;
  std::string output;
  bool force = false;
  OutputOptions log;
};

void evaluate_run(Context& context, const EvaluateArguments& arguments) {
  const Log log = log_for(context, arguments.log);
  InputGuard inputs;
  add_run(inputs, "the run", arguments.request.folder);
  inputs.add("--labels", arguments.request.labels);
  inputs.require_streams_apart();
  if (!arguments.output.empty()) inputs.require_apart(arguments.output, evaluation_file_names());
  if (!arguments.output.empty()) require_free_evaluation_folder(arguments.output, arguments.force);
  EvaluationReport report = evaluate_results(arguments.request, log, context.stop);
  report.program_version = program_version();
  report.command_line = command_line_of(context);
  if (!arguments.output.empty()) publish_evaluation(arguments.output, report);
  context.console.print(evaluation_summary(report));
  context.console.flush();
}

}  // namespace

void add_evaluate_command(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("evaluate", "Judge a finished run by what its records are known to be");
  auto arguments = std::make_shared<EvaluateArguments>();
  EvaluationRequest& request = arguments->request;
  CommandOptions options(*command, context);
  options.argument("DIR", "DIR", "Output folder of 'predict' or 'merge'", request.folder);
  add_labels_option(options, request.labels);
  options.text("-o,--output-dir", "DIR",
               "Folder for tables, charts and evaluation.json; made when missing",
               arguments->output);
  add_threshold_option(options, request.rule.threshold);
  options.whole("--resamples", "Draws of the bootstrap behind the intervals; 0: no intervals [200]",
                request.rule.resamples, {.high = 100'000, .zero = "no intervals"});
  options.whole("--seed", "Of the bootstrap [1]", request.rule.seed, {});
  options.flag("--force", "Replace an evaluation that is there already.", arguments->force);
  add_output_options(options, arguments->log);
  command->footer(
      help_footer({"virnucpro evaluate results --labels labels.tsv",
                   "virnucpro evaluate results --labels labels.tsv --threshold 0.9 -o judged"}));
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { evaluate_run(context, *arguments); };
  });
}

}  // namespace virnucpro::cli
