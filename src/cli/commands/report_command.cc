#include "cli/commands/report_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "calls/call_request.h"
#include "cli/command_line/help.h"
#include "cli/command_line/threshold_option.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/commands/shared/result_log.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "pipeline/rebuild.h"
#include "weights/bundle.h"
#include "weights/classifier_weights.h"

namespace virnucpro::cli {
namespace {

struct ReportArguments {
  std::string folder;
  std::string output;
  std::string classifier;
  std::optional<double> threshold;  ///< where it was given
  RunSettings settings;             ///< only how records are called
  bool force = false;
  OutputOptions log;
};

bool is_bundle(const std::string& name) {
  const std::vector<std::string> embedded = embedded_bundle_names();
  std::error_code error;
  return std::find(embedded.begin(), embedded.end(), name) != embedded.end() ||
         std::filesystem::is_directory(name, error);
}

/// `name` is a file, or a bundle by a name that `--bundle` takes.
NamedClassifier load_named(const std::string& name, std::int64_t expected_length,
                           const ModelHashing& hashing) {
  const auto load = [&]() -> NamedClassifier {
    if (!is_bundle(name)) return {{name, {}}, load_classifier(name), {}};
    const Bundle bundle = open_named_bundle(name);
    return {{bundle.info().name, {}},
            bundle.classifier(expected_length),
            bundle.calibration(expected_length)};
  };
  NamedClassifier classifier = load();
  classifier.files = classifier.weights.tensors.files();
  hashing.hashes->complete(classifier.files, hashing.stop);
  classifier.part.sha256 = identity_of(classifier.files);
  return classifier;
}

CallRequest calls_of(const ReportArguments& arguments) {
  const CallRequest& calls = arguments.settings.calls;
  require_one_call_rule(calls);
  if (arguments.threshold && calls.calls()) {
    throw ConfigError(
        "--threshold calls by the score, --fdr, --conservative and --relaxed by p_calibrated; give "
        "one of them");
  }
  return calls;
}

void report(Context& context, const ReportArguments& arguments) {
  const Log log = log_for(context, arguments.log);
  RebuildRequest request;
  request.folder = arguments.folder;
  request.output = arguments.output;
  request.force = arguments.force;
  request.threshold = arguments.threshold;
  request.calls = calls_of(arguments);
  if (!arguments.classifier.empty()) {
    request.load_classifier = [&](std::int64_t expected_length) {
      return load_named(arguments.classifier, expected_length, hashing_for(context, context.stop));
    };
  }
  InputGuard inputs;
  add_run(inputs, "the run", arguments.folder);
  add_bundle(inputs, "--classifier", arguments.classifier);
  inputs.require_streams_apart();
  inputs.require_apart(arguments.output.empty() ? arguments.folder : arguments.output,
                       prediction_names(/*with_database=*/false));
  const StoredResults results = rebuild_results(request, log, context.stop);
  log_results(results, arguments.output.empty() ? arguments.folder : arguments.output, log);
}

}  // namespace

void add_report_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "report", "Write the results of a finished run again, by another threshold or classifier");
  auto arguments = std::make_shared<ReportArguments>();
  CommandOptions options(*command, context);
  options.argument("DIR", "DIR", "Output folder of 'predict' or 'merge'", arguments->folder);
  options.text("-o,--output-dir", "DIR", "Folder of the results [DIR]", arguments->output);
  add_threshold_option(options, arguments->threshold);
  for (const char* name : {"prevalence", "fdr", "conservative", "relaxed"}) {
    options.setting(name, arguments->settings);
  }
  options.text("--classifier", "FILE|BUNDLE",
               "Score the embeddings that the run kept (--keep-embeddings) by this classifier "
               "(.pth or .safetensors), or by that of a bundle",
               arguments->classifier);
  options.flag("--force", "Replace results that are there already.", arguments->force);
  add_output_options(options, arguments->log);
  command->footer(
      help_footer({"virnucpro report results", "virnucpro report results --threshold 0.9 -o strict",
                   "virnucpro report results --fdr 0.05 -o few_false",
                   "virnucpro report results --classifier retrained.pth -o retrained"}));
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { report(context, *arguments); };
  });
}

}  // namespace virnucpro::cli
