#include "cli/commands/bench/bench_settings.h"

#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "cli/commands/shared/list_options.h"
#include "weights/embedded_bundle.h"

namespace virnucpro::cli {
namespace {

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
  request.precisions = precisions_of(Command::kBench, options);
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
