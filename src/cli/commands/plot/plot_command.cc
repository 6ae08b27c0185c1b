#include "cli/commands/plot/plot_command.h"

#include <string>
#include <vector>

#include "cli/command_line/command_options.h"
#include "cli/commands/plot/plot_settings.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"

namespace virnucpro::cli {
namespace {

void run_plot(Context& context, const PlotSettings& settings) {
  const PlotRequest& request = settings.request;
  const Log log = log_for(context, settings.common);
  log_origins(log, settings.common);
  InputGuard inputs;
  for (const std::string& table : plotted_tables(request.folder)) inputs.add("the results", table);
  add_inputs_of_run(inputs, "the results", request.folder);
  inputs.add("--config", settings.common.config);
  inputs.require_streams_apart();
  inputs.require_apart(request.output);
  plot(request, log, context.stop);
  log.info("figure in {}", request.output);
}

}  // namespace

void add_plot_command(CLI::App& app, Context& context) {
  CommandOptions taken(app, context, "plot", "Draw results or an evaluation, for papers",
                       {"virnucpro plot results -o track.pdf",
                        "virnucpro plot results --record contig_7 --record contig_9 --width 85 "
                        "-o two.svg",
                        "virnucpro plot results --figure scores -o scores.png",
                        "virnucpro plot judged --figure calibration -o calibration.pdf"});
  taken.argument("RESULTS", "Output folder of 'predict', 'report', 'merge' or 'evaluate'",
                 "the path of a folder");
  taken.run_with(Command::kPlot, [&context](const std::vector<std::string>& arguments,
                                            const GivenOptions& options) {
    run_plot(context, plot_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
