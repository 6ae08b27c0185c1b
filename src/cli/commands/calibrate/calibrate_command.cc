#include "cli/commands/calibrate/calibrate_command.h"

#include <string>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/calibrate/calibrate_settings.h"
#include "cli/commands/shared/shown_work.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "fitting/calibrate.h"
#include "weights/open_bundle.h"

namespace virnucpro::cli {
namespace {

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

void calibrate(Context& context, const CalibrateSettings& settings) {
  const CalibrateRequest& request = settings.request;
  const Log log = log_for(context, settings.common);
  log_origins(log, settings.common);
  InputGuard inputs;
  add_run(inputs, "the run", request.folder);
  inputs.add("--labels", request.labels);
  inputs.add("--config", settings.common.config);
  add_bundle(inputs, context.environment, "--bundle", settings.bundle);
  inputs.require_streams_apart();
  inputs.require_outside(request.bundle_folder);
  const CalibrateResult result = [&] {
    ShownWork shown(context, log, settings.common);
    return calibrate_bundle(request, open_named_bundle(context.environment, settings.bundle), log,
                            context.stop, shown.progress());
  }();
  if (result.calibration.contig_viruses == 0) {
    log.info("fewer than {} records of a label: the mean over its chunks stands for a record",
             kFewestContigs);
  }
  log.info("{} over sources; the figures are of sources that a fold has not seen",
           counted(result.held_out.folds, "fold"));
  if (const std::optional<BundleCalls>& calls = result.calibration.calls) {
    log.info("the bundle calls viral from p_calibrated {:.6g} on", probability_of(calls->log_odds));
  }
  log.info("{} has a calibration for {} bases", request.bundle_folder, result.expected_length);
  context.console.print(table_of(result.held_out));
  context.console.flush();
}

}  // namespace

void add_calibrate_command(CLI::App& app, Context& context) {
  CommandOptions taken(
      app, context, "calibrate",
      "Make a bundle whose scores become probabilities, from a run of known records",
      {"virnucpro calibrate results --labels labels.tsv -o calibrated/",
       "virnucpro calibrate results --labels labels.tsv --bundle published/ \\\n"
       "      --method isotonic -o calibrated/"});
  taken.argument("DIR", "Output folder of 'predict' or 'merge'", "the path of a folder");
  taken.run_with(Command::kCalibrate, [&context](const std::vector<std::string>& arguments,
                                                 const GivenOptions& options) {
    calibrate(context, calibrate_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
