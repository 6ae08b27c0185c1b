#include "cli/commands/embed/embed_settings.h"

#include "config/resolve.h"

namespace virnucpro::cli {

EmbedSettings embed_settings(const std::vector<std::string>& arguments,
                             const GivenOptions& options) {
  require_inputs(arguments);
  EmbedSettings settings;
  settings.run = run_settings(options);
  settings.run.models.frames = frame_choice(options);
  settings.request.inputs = arguments;
  settings.request.batch_tokens = settings.run.batch_tokens;
  options.store("output", settings.request.output);
  options.store("force", settings.request.force);
  return settings;
}

}  // namespace virnucpro::cli
