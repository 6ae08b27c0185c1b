#include "cli/commands/devices_command.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"
#include "cli/command_line/command_options.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/safe_text.h"
#include "devices/devices.h"
#include "tensor/precision.h"
#include "weights/embedded_bundle.h"

namespace virnucpro::cli {
namespace {

// The published models: ESM-2 3B and DNABERT-S.
constexpr Esm2Config kPublishedEsm2 = {.num_layers = 36, .embed_dim = 2560, .attention_heads = 40};
constexpr DnabertSConfig kPublishedDnabertS = {.hidden_size = 768,
                                               .num_hidden_layers = 12,
                                               .num_attention_heads = 12,
                                               .intermediate_size = 3072,
                                               .vocab_size = 4096};

std::string precisions(const DeviceInfo& device) {
  std::string names;
  for (const Precision precision : device.offered) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of(precision));
  }
  return names;
}

std::string megabytes(std::int64_t weights, double bytes_per_weight) {
  return fmt::format("{:.1f}", static_cast<double>(weights) * bytes_per_weight / 1e6);
}

std::string_view or_dash(std::string_view text) { return text.empty() ? "-" : text; }

void show_precisions(Console& console, const DeviceInfo& device) {
  console.print(fmt::format("\n{}: {}\n", device.name, device.offers));
  console.print("precision\tcomputed_as\tmini_weights_mb\tpublished_weights_mb\n");
  const BundleInfo mini = embedded_bundle().info();
  const std::int64_t small =
      parameter_count(mini.esm2_config) + parameter_count(mini.dnabert_s_config);
  const std::int64_t large = parameter_count(kPublishedEsm2) + parameter_count(kPublishedDnabertS);
  for (const PrecisionCost& cost : device.precisions) {
    console.print(fmt::format("{}\t{}\t{}\t{}\n", name_of(cost.precision), cost.computed_as,
                              megabytes(small, cost.bytes_per_weight),
                              megabytes(large, cost.bytes_per_weight)));
  }
}

void show_devices(Console& console, DeviceRegistry registry) {
  console.print("device\tstatus\tdescription\tprecisions\tnote\n");
  const std::vector<DeviceInfo> devices = registry.list();
  for (const DeviceInfo& device : devices) {
    console.print(fmt::format("{}\t{}\t{}\t{}\t{}\n", device.name,
                              device.usable ? "usable" : "not usable",
                              or_dash(escape_controls(device.description)),
                              or_dash(precisions(device)), or_dash(device.reason)));
  }
  for (const DeviceInfo& device : devices) {
    if (!device.precisions.empty()) show_precisions(console, device);
  }
}

}  // namespace

void add_devices_command(CLI::App& app, Context& context) {
  CommandOptions taken(
      app, context, "devices",
      "List where this program can compute here, and what each precision costs",
      {"virnucpro devices", "virnucpro predict contigs.fa --device cpu --threads 8"});
  taken.run_with([&context](const std::vector<std::string>&) {
    show_devices(context.console, DeviceRegistry(context.environment));
  });
}

}  // namespace virnucpro::cli
