#include "cli/commands/bench/bench_settings.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "tensor/precision_name.h"
#include "weights/embedded_bundle.h"

namespace virnucpro::cli {
namespace {

/// The entries of a list option; empty where it is not given and has no default. ConfigError for an
/// empty or repeated entry.
std::vector<std::string> entries(const GivenOptions& options, std::string_view name,
                                 std::string list = {}) {
  options.store(name, list);
  if (list.empty()) return {};
  std::vector<std::string> found = split_list(list);
  for (auto entry = found.begin(); entry != found.end(); ++entry) {
    if (!entry->empty() && std::find(found.begin(), entry, *entry) == entry) continue;
    throw ConfigError(fmt::format(
        "--{}: '{}' has an entry that is empty or repeated; it takes a list such as a,b", name,
        list));
  }
  return found;
}

void require_whole_input(const BenchRequest& request) {
  if (request.orfs != std::uint64_t{0}) return;
  if (request.inputs.empty()) {
    throw ConfigError("--orfs 0 takes the whole input, but there is none; give a number or INPUT");
  }
  if (std::ranges::find(request.inputs, "-") != request.inputs.end()) {
    throw ConfigError(
        "--orfs 0 reads the whole input several times, which standard input ('-') cannot; give "
        "a number or a file");
  }
}

}  // namespace

BenchSettings bench_settings(const std::vector<std::string>& arguments,
                             const GivenOptions& options) {
  BenchSettings settings;
  BenchRequest& request = settings.request;
  request.inputs = arguments;
  options.store("orfs", request.orfs);
  options.store("seconds", request.seconds);
  options.store("expected-length", request.expected_length);
  options.store("device", request.device);
  options.store("threads", request.threads);
  options.store("batch-tokens", request.batch_tokens);
  for (const std::string& name : entries(options, "precision", "fp16")) {
    const std::optional<Precision> precision = precision_named(name);
    if (!precision) {
      refuse_value("--precision", name, find_option(Command::kBench, "precision")->values());
    }
    request.precisions.push_back(*precision);
  }
  for (std::string& name : entries(options, "bundle")) {
    request.models.push_back({std::move(name), nullptr});
  }
  for (const std::string& name : entries(options, "shape")) {
    request.models.push_back({{}, &shapes_named(name)});
  }
  if (request.models.empty()) request.models.push_back({kEmbeddedBundle, nullptr});
  require_whole_input(request);
  options.store("json", settings.json);
  options.store("force", settings.force);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
