#include "cli/commands/report/report_command.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "calls/call_request.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/report/report_settings.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/commands/shared/result_log.h"
#include "cli/commands/shared/shown_work.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/commands/shared/write_options.h"
#include "cli/context.h"
#include "jobs/report.h"
#include "weights/bundle.h"
#include "weights/classifier_weights.h"
#include "weights/open_bundle.h"

namespace virnucpro::cli {
namespace {

bool is_bundle(const Environment& environment, const std::string& name) {
  const std::vector<std::string> embedded = embedded_bundle_names();
  std::error_code error;
  return std::find(embedded.begin(), embedded.end(), name) != embedded.end() ||
         std::filesystem::is_directory(bundle_place(environment, name), error);
}

/// `name` is a file, or a bundle by a name that `--bundle` takes.
NamedClassifier load_named(const Environment& environment, const std::string& name,
                           std::int64_t expected_length, const ModelHashing& hashing) {
  const auto load = [&]() -> NamedClassifier {
    if (!is_bundle(environment, name)) return {{name, {}}, load_classifier(name), {}};
    const Bundle bundle = open_named_bundle(environment, name);
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

void report(Context& context, const ReportSettings& settings) {
  const Log log = log_for(context, settings.common);
  log_origins(log, settings.common);
  RebuildRequest request;
  request.folder = settings.folder;
  request.output = settings.output;
  request.force = settings.force;
  request.page_only = settings.html;
  request.threshold = settings.threshold;
  request.calls = settings.calls;
  request.change_tables = settings.change_tables;
  if (!settings.classifier.empty()) {
    request.load_classifier = [&](std::int64_t expected_length) {
      return load_named(context.environment, settings.classifier, expected_length,
                        hashing_for(context, context.stop));
    };
  }
  InputGuard inputs;
  add_run(inputs, "the run", settings.folder);
  add_bundle(inputs, context.environment, "--classifier", settings.classifier);
  inputs.add("--config", settings.common.config);
  inputs.require_streams_apart();
  const std::string& output = settings.output.empty() ? settings.folder : settings.output;
  inputs.require_apart(output, prediction_names(/*with_database=*/false));
  require_written_apart(inputs, settings.write, {}, output);
  const StoredResults results = [&] {
    ShownWork shown(context, log, settings.common);
    StoredResults made = rebuild_results(request, log, context.stop, shown.progress());
    if (settings.write) {
      write_records(output, *settings.write, log, context.stop, shown.progress());
    }
    return made;
  }();
  if (settings.html) {
    log.info("the page is {}", results.files.front());
  } else {
    log_results(results, output, log);
  }
}

}  // namespace

void add_report_command(CLI::App& app, Context& context) {
  CommandOptions taken(
      app, context, "report",
      "Write the results of a finished run again, by another threshold or classifier",
      {"virnucpro report results", "virnucpro report results --threshold 0.9 -o strict",
       "virnucpro report results --fdr 0.05 -o few_false", "virnucpro report results --html",
       "virnucpro report results --classifier retrained.pth -o retrained"});
  taken.argument("DIR", "Output folder of 'predict' or 'merge'", "the path of a folder");
  taken.run_with(Command::kReport, [&context](const std::vector<std::string>& arguments,
                                              const GivenOptions& options) {
    report(context, report_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
