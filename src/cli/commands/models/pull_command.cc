#include "cli/commands/models/pull_command.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "base/input_guard.h"
#include "cli/command_line/command_options.h"
#include "cli/command_line/help.h"
#include "cli/commands/models/bundle_lengths.h"
#include "cli/commands/models/published_check.h"
#include "cli/commands/models/pull_settings.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/safe_text.h"
#include "cli/terminal/transfer_meter.h"
#include "config/nearest_name.h"
#include "weights/bundle.h"
#include "weights/bundle_places.h"
#include "weights/json_reader.h"
#include "weights/model_registry.h"

namespace virnucpro::cli {
namespace {

ModelRegistry registry_of(const PullSettings& settings) {
  if (settings.registry.empty()) return embedded_registry();
  return parse_registry(read_text_file(settings.registry), settings.registry);
}

const RegistryModel& named_model(const ModelRegistry& registry, const std::string& name) {
  if (const RegistryModel* model = registry.find(name)) return *model;
  std::vector<std::string> names;
  for (const RegistryModel& model : registry.models) names.push_back(model.name);
  const std::string nearest = nearest_name(name, names);
  throw ConfigError(fmt::format(
      "{}: no models of this name are known; {}", name,
      nearest.empty() ? "known are " + registry.names() : "did you mean '" + nearest + "'?"));
}

std::string size_text(const RegistrySource& source) {
  const std::optional<std::uint64_t> size = source.size();
  return size ? fmt::format("{} bytes", *size) : "size not known";
}

/// A line for each model, and below it one for each part and place.
std::string list_of(const ModelRegistry& registry, const Environment& environment) {
  std::string text;
  for (const RegistryModel& model : registry.models) {
    const auto place = find_named_bundle(environment, model.name);
    text += fmt::format("{}\t{}\t{}\n", model.name, place ? "in " + *place : "not pulled",
                        model.description);
    for (const RegistryPart& part : model.parts) {
      for (const RegistrySource& source : part.sources) {
        text += fmt::format("\t{}\t{}, {}, {}\n", part.name, source.described(), size_text(source),
                            part.license);
      }
    }
  }
  return text;
}

/// How to name a bundle in this folder on the command line.
std::string how_to_name(const Environment& environment, const std::string& name,
                        const std::string& folder) {
  const auto found = find_named_bundle(environment, name);
  std::error_code error;
  return found && std::filesystem::equivalent(*found, folder, error) ? name : folder;
}

void say_how_to_use(Context& context, const BundleInfo& info, const std::string& folder,
                    const char* verb) {
  const std::string name = how_to_name(context.environment, info.name, folder);
  context.console.message(fmt::format("bundle '{}' for {} bases {} in {}",
                                      escape_controls(info.name), lengths_of(info), verb,
                                      escape_controls(folder)));
  context.console.message(
      fmt::format("use it with: virnucpro predict reads.fq.gz --bundle {}", escape_controls(name)));
}

void pull(Context& context, const PullSettings& settings) {
  const Log log = log_for(context, settings.common);
  log_origins(log, settings.common);
  const ModelRegistry registry = registry_of(settings);
  if (settings.list) return context.console.print(list_of(registry, context.environment));
  PullRequest request = settings.request;
  request.model = named_model(registry, settings.name);
  request.program_version = program_version();
  const std::string folder = pulled_folder(request);
  InputGuard inputs;
  inputs.add("--from", request.from);
  inputs.add("--registry", settings.registry);
  inputs.add("--config", settings.common.config);
  inputs.require_outside(folder);

  std::error_code error;
  if (!request.force &&
      std::filesystem::exists(std::filesystem::path(folder) / kBundleCard, error)) {
    say_how_to_use(context, Bundle::open(folder).info(), folder,
                   "is already (--force makes it anew)");
    return;
  }
  const auto pull_with_progress = [&] {
    ProgressDisplay display(context.console, log, !settings.common.no_progress);
    TransferMeter meter;
    return pull_model(
        request, context.environment, log,
        [&](std::uint64_t bytes, std::optional<std::uint64_t> total) {
          if (!display.is_due()) return;
          display.update([&](std::chrono::duration<double> elapsed) {
            meter.add(bytes, elapsed);
            return transfer_line(bytes, total, meter.rate());
          });
        },
        context.stop);
  };
  const BundleInfo info = pull_with_progress();
  say_how_to_use(context, info, folder, "is");
  const PublishedCheckSettings check;
  if (is_to_be_checked(info, check)) require_published(context, folder, check, log);
}

}  // namespace

void add_pull_command(CLI::App& models, Context& context) {
  CommandOptions taken(models, context, "pull",
                       "Fetch published models by name and make a bundle of them",
                       {"virnucpro models pull --list", "virnucpro models pull virnucpro-500",
                        "virnucpro models pull virnucpro --from copied_files/"});
  taken.arguments("NAME", "Name of the models: virnucpro-500, virnucpro-300 or virnucpro (both)",
                  "the name of published models", /*are_needed=*/false);
  taken.run_with(Command::kPull,
                 [&context](const std::vector<std::string>& names, const GivenOptions& options) {
                   pull(context, pull_settings(names, options, context.environment));
                 });
}

}  // namespace virnucpro::cli
