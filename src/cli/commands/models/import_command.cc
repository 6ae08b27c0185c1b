#include "cli/commands/models/import_command.h"

#include <string>
#include <vector>

#include "base/format.h"
#include "base/input_guard.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/models/bundle_lengths.h"
#include "cli/commands/models/import_settings.h"
#include "cli/commands/shared/shown_work.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/safe_text.h"

namespace virnucpro::cli {
namespace {

void import(Context& context, const ImportSettings& settings) {
  const BundleImport& bundle = settings.bundle;
  const Log log = log_for(context, settings.common);
  log_origins(log, settings.common);
  InputGuard inputs;
  inputs.add("--dnabert", bundle.dnabert_folder);
  inputs.add("--esm2", bundle.esm2_path);
  for (const auto& classifier : bundle.classifiers) inputs.add("--classifier", classifier.path);
  inputs.add("--config", settings.common.config);
  inputs.add("--expected", settings.check.expected);
  inputs.require_outside(bundle.output_folder);
  const BundleInfo info = [&] {
    ShownWork shown(context, log, settings.common);
    return import_bundle(bundle, shown.progress(), context.stop);
  }();
  context.console.message(fmt::format("bundle '{}' for {} bases is in {}",
                                      escape_controls(info.name), lengths_of(info),
                                      escape_controls(bundle.output_folder)));
  if (settings.no_check || !is_to_be_checked(info, settings.check)) return;
  log.info("comparing it with {}; --no-check leaves this out",
           settings.check.expected.empty() ? "the published run" : settings.check.expected);
  // A bundle that fails stays: it may be wanted all the same, and what is wrong was said.
  require_published(context, bundle.output_folder, settings.check, log);
}

}  // namespace

void add_import_command(CLI::App& models, Context& context) {
  CommandOptions taken(
      models, context, "import",
      "Make a bundle of FP16 safetensors from published or own checkpoints",
      {"virnucpro models import --dnabert DNABERT-S/ --esm2 esm2_t36_3B_UR50D.pt \\\n"
       "      --classifier 300=300_model.pth --classifier 500=500_model.pth -o published/"});
  taken.run_with(Command::kImport,
                 [&context](const std::vector<std::string>&, const GivenOptions& options) {
                   import(context, import_settings(options));
                 });
}

}  // namespace virnucpro::cli
