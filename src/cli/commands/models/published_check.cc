#include "cli/commands/models/published_check.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/terminal/console.h"
#include "cli/terminal/safe_text.h"
#include "devices/devices.h"
#include "studies/published_check.h"
#include "weights/open_bundle.h"
#include "weights/stored_run.h"

namespace virnucpro::cli {
namespace {

/// The devices by their names, each once.
std::vector<std::string> device_names(DeviceRegistry& registry, const std::string& wanted) {
  std::vector<std::string> names;
  for (const Device& device : registry.choose(wanted).devices) names.push_back(text_of(device));
  const bool has_cpu = std::ranges::find(names, "cpu") != names.end();
  if (wanted == "auto" && !has_cpu) names.emplace_back("cpu");
  return names;
}

bool has_classifier(const Bundle& bundle, std::int64_t length) {
  const std::vector<std::int64_t> lengths = bundle.expected_lengths();
  return std::ranges::find(lengths, length) != lengths.end();
}

}  // namespace

bool is_to_be_checked(const BundleInfo& info, const PublishedCheckSettings& settings) {
  return has_published_widths(info) || !settings.expected.empty();
}

void require_published(Context& context, const std::string& name,
                       const PublishedCheckSettings& settings, const Log& log) {
  const StoredRun stored =
      settings.expected.empty() ? published_run() : read_stored_run(settings.expected);
  const Bundle bundle = open_named_bundle(context.environment, name);
  DeviceRegistry registry(context.environment);
  std::vector<std::unique_ptr<Backend>> backends;
  std::vector<CheckDevice> devices;
  for (const std::string& device : device_names(registry, settings.device)) {
    DeviceChoice choice = registry.choose(device);
    backends.push_back(registry.create_backend(choice, settings.threads));
    backends.back()->set_stop(context.stop);
    devices.push_back({device, *backends.back()});
  }
  const bool with_classifier = has_classifier(bundle, stored.expected_length);
  ModelRequest request;
  request.bundle = name;
  if (with_classifier) request.expected_length = stored.expected_length;
  // Any length will do for a bundle without this classifier: nothing is scored.
  if (!with_classifier) request.expected_length = bundle.expected_lengths().front();
  const ModelHashing hashing = hashing_for(context, context.stop);
  const auto load = [&](Precision precision, Backend& backend) {
    return load_models(request, precision, with_classifier, bundle_opener(context.environment),
                       backend, hashing);
  };
  const PublishedCheck check = check_against({.stored = stored,
                                              .info = bundle.info(),
                                              .precisions = settings.precisions,
                                              .load = load,
                                              .log = log},
                                             devices, context.stop);
  Console& console = context.console;
  console.print(table_of(check));
  if (check.passed()) {
    const auto computed = std::ranges::count_if(
        check.rows, [](const CheckedPrecision& row) { return row.left_out.empty(); });
    console.print(fmt::format("PASS: {} gives what {} gave, in {} of {} comparisons{}\n",
                              escape_controls(bundle.origin()), escape_controls(check.stored),
                              computed, check.rows.size(),
                              with_classifier ? ""
                                              : "; it has no classifier for the stored length, so "
                                                "no score was compared"));
    return;
  }
  console.print("FAIL\n");
  console.flush();
  throw ModelError(fmt::format("{} does not give what {} gave: {}", bundle.origin(), check.stored,
                               fmt::join(check.problems, " ")));
}

}  // namespace virnucpro::cli
