#include "cli/calibrate_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/errors.h"
#include "base/format.h"
#include "cli/console.h"
#include "cli/help.h"
#include "cli/labels_option.h"
#include "cli/named_bundle.h"
#include "cli/program.h"
#include "cli/result_log.h"
#include "config/settings.h"
#include "pipeline/calibrate_bundle.h"

namespace virnucpro::cli {
namespace {

struct CalibrateArguments {
  CalibrateRequest request;
  std::string bundle = kDefaultBundle;
  std::string method{name_of(CalibrationMethod::kPlatt)};
  OutputOptions log;
};

CalibrationMethod method_of(const std::string& text) {
  for (const CalibrationMethod method : {CalibrationMethod::kPlatt, CalibrationMethod::kIsotonic}) {
    if (text == name_of(method)) return method;
  }
  throw ConfigError(fmt::format("--method: '{}' cannot be used; it takes platt or isotonic", text));
}

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

void calibrate(Program& program, CalibrateArguments& arguments) {
  CalibrateRequest& request = arguments.request;
  request.method = method_of(arguments.method);
  const Log log = log_for(program, arguments.log);
  const CalibrateResult result =
      calibrate_bundle(request, open_named_bundle(arguments.bundle), log, program.stop);
  if (result.calibration.contig_viruses == 0) {
    log.info("fewer than {} records of a label: the mean over its chunks stands for a record",
             kFewestContigs);
  }
  log.info("{} folds over sources; the figures are of sources that a fold has not seen",
           result.held_out.folds);
  log.info("{} has a calibration for {} bases", request.bundle_folder, result.expected_length);
  program.console.print(table_of(result.held_out));
  program.console.flush();
}

}  // namespace

void add_calibrate_command(CLI::App& app, Program& program) {
  CLI::App* command = app.add_subcommand(
      "calibrate", "Make a bundle whose scores become probabilities, from a run of known records");
  auto arguments = std::make_shared<CalibrateArguments>();
  CalibrateRequest& request = arguments->request;
  command->add_option("DIR", request.folder, "Output folder of 'predict' or 'merge'")
      ->required()
      ->type_name("");
  add_labels_option(*command, request.labels);
  command->add_option("-o,--output-dir", request.bundle_folder, "Folder of the new bundle")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--bundle", arguments->bundle,
                   fmt::format("The bundle that the run used [{}]", kDefaultBundle))
      ->type_name("NAME|DIR");
  command
      ->add_option("--method", arguments->method,
                   "Logistic over the score's logit, or any curve that never falls [platt]")
      ->type_name("platt|isotonic");
  command->add_flag("--force", request.force, "Replace a bundle that is there already.");
  add_output_options(*command, arguments->log);
  command->footer(
      help_footer({"virnucpro calibrate results --labels labels.tsv -o calibrated/",
                   "virnucpro calibrate results --labels labels.tsv --bundle published/ \\\n"
                   "      --method isotonic -o calibrated/"}));
  command->callback([&program, arguments] {
    program.action = [&program, arguments] { calibrate(program, *arguments); };
  });
}

}  // namespace virnucpro::cli
