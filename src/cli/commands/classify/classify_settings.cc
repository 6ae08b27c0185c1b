#include "cli/commands/classify/classify_settings.h"

#include "cli/commands/shared/no_effect.h"

namespace virnucpro::cli {

ClassifySettings classify_settings(const std::vector<std::string>& arguments,
                                   const GivenOptions& options, const Environment& environment) {
  ClassifySettings settings;
  settings.input = arguments.at(0);
  settings.output = arguments.at(1);
  options.store("resume", settings.resume);
  options.store("expected-length", settings.expected_length);
  const std::string named = environment(kModelsVariable).value_or("");
  if (!named.empty()) settings.models = named;
  options.store("virnucpro-path", settings.models);
  bool no_gpu = false;
  bool use_gpu = false;
  options.store("no-gpu", no_gpu);
  options.store("use-gpu", use_gpu);
  if (const std::string* gpus = options.find("gpus")) settings.run.device = named_gpus(*gpus);
  if (use_gpu && settings.run.device == "auto") settings.run.device = "cuda";
  if (no_gpu) settings.run.device = "cpu";
  options.store("threads", settings.run.threads);
  settings.run.common = common_settings(options);
  settings.no_effect = flags_without_effect(options, Command::kClassify);
  return settings;
}

}  // namespace virnucpro::cli
