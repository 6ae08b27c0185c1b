#include "cli/commands/models/verify_command.h"

#include <string>
#include <vector>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/models/published_check.h"
#include "cli/commands/models/verify_settings.h"
#include "cli/commands/shared/shown_work.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/safe_text.h"
#include "weights/bundle.h"
#include "weights/open_bundle.h"

namespace virnucpro::cli {
namespace {

void verify(Context& context, const VerifySettings& settings) {
  const Log log = log_for(context, settings.common);
  log_origins(log, settings.common);
  Console& console = context.console;
  const Bundle bundle = open_named_bundle(context.environment, settings.bundle);
  const std::vector<std::string> problems = [&] {
    ShownWork shown(context, log, settings.common);
    return bundle.problems(shown.progress(), context.stop);
  }();
  for (const std::string& problem : problems) console.print(escape_controls(problem) + "\n");
  if (!problems.empty()) {
    console.flush();
    throw ModelError(fmt::format("{}: {}; import or copy the bundle again", bundle.origin(),
                                 counted(problems.size(), "problem")));
  }
  console.print(fmt::format("{}: all parts are whole\n", escape_controls(bundle.origin())));
  if (settings.published) require_published(context, settings.bundle, settings.check, log);
}

}  // namespace

void add_verify_command(CLI::App& models, Context& context) {
  CommandOptions taken(
      models, context, "verify",
      "Compare every part of a bundle with its SHA-256 and read it; with --published, compare "
      "what it computes with the published run",
      {"virnucpro models verify my_bundle/", "virnucpro models verify published/ --published",
       "virnucpro models verify published/ --published --precision fp16"});
  taken.argument("BUNDLE", "Name of an embedded or pulled bundle, or a folder",
                 "the name of an embedded or pulled bundle or the path of a bundle folder");
  taken.run_with(Command::kVerify, [&context](const std::vector<std::string>& arguments,
                                              const GivenOptions& options) {
    verify(context, verify_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
