#include "cli/commands/calibrate_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/errors.h"
#include "base/format.h"
#include "cli/command_line/help.h"
#include "cli/command_line/labels_option.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/commands/shared/result_log.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "config/settings.h"
#include "pipeline/calibrate_bundle.h"

namespace virnucpro::cli {
namespace {

struct CalibrateArguments {
  CalibrateRequest request;
  std::string bundle = kDefaultBundle;
  OutputOptions log;
};

std::string row(const char* level, const HeldOut& held_out) {
  const Reliability& before = held_out.before;
  const Reliability& after = held_out.after;
  return fmt::format("{}\t{}\t{}\t{:.4f}\t{:.4f}\t{:.4f}\t{:.4f}\t{:.4f}\t{:.4f}\n", level,
                     held_out.viruses, held_out.others, before.log_loss, after.log_loss,
                     before.brier, after.brier, before.calibration_error, after.calibration_error);
}

std::string table_of(const CrossValidation& held_out) {
  return "level\tviruses\tothers\tlog_loss\tlog_loss_calibrated\tbrier_score\t"
         "brier_score_calibrated\texpected_calibration_error\t"
         "expected_calibration_error_calibrated\n" +
         row("fragments", held_out.chunks) + row("contigs", held_out.contigs);
}

void calibrate(Context& context, CalibrateArguments& arguments) {
  CalibrateRequest& request = arguments.request;
  const Log log = log_for(context, arguments.log);
  InputGuard inputs;
  add_run(inputs, "the run", request.folder);
  inputs.add("--labels", request.labels);
  add_bundle(inputs, "--bundle", arguments.bundle);
  inputs.require_streams_apart();
  inputs.require_outside(request.bundle_folder);
  const CalibrateResult result =
      calibrate_bundle(request, open_named_bundle(arguments.bundle), log, context.stop);
  if (result.calibration.contig_viruses == 0) {
    log.info("fewer than {} records of a label: the mean over its chunks stands for a record",
             kFewestContigs);
  }
  log.info("{} folds over sources; the figures are of sources that a fold has not seen",
           result.held_out.folds);
  log.info("{} has a calibration for {} bases", request.bundle_folder, result.expected_length);
  context.console.print(table_of(result.held_out));
  context.console.flush();
}

}  // namespace

void add_calibrate_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "calibrate", "Make a bundle whose scores become probabilities, from a run of known records");
  auto arguments = std::make_shared<CalibrateArguments>();
  CalibrateRequest& request = arguments->request;
  CommandOptions options(*command, context);
  options.argument("DIR", "DIR", "Output folder of 'predict' or 'merge'", request.folder);
  add_labels_option(options, request.labels);
  options.text("-o,--output-dir", "DIR", "Folder of the new bundle", request.bundle_folder)
      .required();
  options.text("--bundle", "NAME|DIR",
               fmt::format("The bundle that the run used [{}]", kDefaultBundle), arguments->bundle);
  options.choice("--method",
                 "Logistic over the score's logit, or any curve that never falls [platt]",
                 request.method, {CalibrationMethod::kPlatt, CalibrationMethod::kIsotonic});
  options.flag("--force", "Replace a bundle that is there already.", request.force);
  add_output_options(options, arguments->log);
  command->footer(
      help_footer({"virnucpro calibrate results --labels labels.tsv -o calibrated/",
                   "virnucpro calibrate results --labels labels.tsv --bundle published/ \\\n"
                   "      --method isotonic -o calibrated/"}));
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { calibrate(context, *arguments); };
  });
}

}  // namespace virnucpro::cli
