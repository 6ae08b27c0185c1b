#include "cli/commands/estimate/estimate_settings.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/errors.h"
#include "base/format.h"
#include "config/resolve.h"

namespace virnucpro::cli {
namespace {

/// Options of `predict` that decide about the work; the others follow from the job.
constexpr std::array<std::string_view, 7> kDecidingOptions = {
    "bundle",    "expected-length", "frames",      "genetic-code",
    "precision", "no-packing",      "batch-tokens"};

}  // namespace

EstimateSettings estimate_settings(const std::vector<std::string>& arguments,
                                   const GivenOptions& options) {
  require_inputs(arguments);
  if (std::ranges::find(arguments, "-") != arguments.end()) {
    throw ConfigError(
        "standard input ('-') can be read only once, and the run reads it again; name a file");
  }
  EstimateSettings settings;
  settings.request.inputs = arguments;
  options.store("seconds", settings.request.seconds);
  if (options.takes("price")) options.store("price", settings.price);
  if (options.takes("device-hours")) {
    options.store("device-hours", settings.device_hours);
    options.store("shards", settings.shards);
    options.store("output", settings.output);
  }
  settings.run = run_settings(options);
  settings.run.models.frames = frame_choice(options);
  settings.request.batch_tokens = settings.run.batch_tokens;
  for (const std::string_view name : kDecidingOptions) {
    const std::string* value = options.find(name);
    if (value == nullptr) continue;
    if (name == "no-packing") {
      if (settings.run.precision.no_packing) settings.for_shards.push_back("--no-packing");
      continue;
    }
    settings.for_shards.push_back(fmt::format("--{}", name));
    settings.for_shards.push_back(*value);
  }
  return settings;
}

}  // namespace virnucpro::cli
