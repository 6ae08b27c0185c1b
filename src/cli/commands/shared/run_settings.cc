#include "cli/commands/shared/run_settings.h"

#include "devices/device_names.h"

namespace virnucpro::cli {
namespace {

static_assert(kMaxGpuNumber == kHighestDeviceNumber, "--gpus and --device name the same GPUs");

}  // namespace

std::string named_gpus(const std::string& numbers) {
  std::string device;
  for (const std::string& number : split_list(numbers)) {
    device += device.empty() ? "cuda:" : ",";
    device += std::to_string(parse_whole(number).value());  // "01" becomes 1
  }
  return device;
}

RunSettings run_settings(const GivenOptions& options) {
  RunSettings settings;
  ModelRequest& models = settings.models;
  options.store("bundle", models.bundle);
  if (options.takes("dnabert")) options.store("dnabert", models.dnabert);
  if (options.takes("esm2")) options.store("esm2", models.esm2);
  if (options.takes("classifier")) options.store("classifier", models.classifier);
  options.store("expected-length", models.expected_length);
  models.genetic_code = genetic_code(options);
  // A command that compares precisions takes a list of them (precisions_of()).
  if (options.is_choice("precision")) {
    options.store("precision", settings.precision.precision, kPrecisions);
  }
  options.store("no-packing", settings.precision.no_packing);
  options.store("device", settings.device);
  if (const std::string* gpus = options.find("gpus")) settings.device = named_gpus(*gpus);
  options.store("threads", settings.threads);
  options.store("batch-tokens", settings.batch_tokens);
  settings.common = common_settings(options);
  return settings;
}

GeneticCode genetic_code(const GivenOptions& options) {
  std::uint64_t number = 1;
  options.store("genetic-code", number);
  return GeneticCode::of_number(number).value();
}

std::optional<FrameChoice> frame_choice(const GivenOptions& options) {
  std::optional<FrameChoice> choice;
  options.store("frames", choice, kFrameChoices);
  return choice;
}

}  // namespace virnucpro::cli
