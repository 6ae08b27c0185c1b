#include "cli/commands/bench/bench_command.h"

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "base/output_file.h"
#include "bench/bench_report.h"
#include "bench/benchmark.h"
#include "cli/command_line/command_options.h"
#include "cli/command_line/help.h"
#include "cli/commands/bench/bench_settings.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "sequence/input_file.h"

namespace virnucpro::cli {
namespace {

/// Checked before the inputs are read.
void require_free_file(const Environment& environment, const BenchSettings& settings) {
  InputGuard inputs;
  for (const std::string& input : settings.request.inputs) inputs.add("the input", input);
  for (const BenchModels& models : settings.request.models) {
    if (!models.bundle.empty()) add_bundle(inputs, environment, "--bundle", models.bundle);
  }
  inputs.add("--config", settings.common.config);
  inputs.require_streams_apart();
  if (settings.json.empty() || settings.json == "-") return;
  inputs.require_apart(settings.json, "--json");
  std::error_code error;
  if (settings.force || !std::filesystem::exists(settings.json, error)) return;
  throw ConfigError(
      fmt::format("{}: exists already. Name another file with --json, or pass --force to replace "
                  "it.",
                  settings.json));
}

void run_bench(Context& context, const BenchSettings& settings) {
  require_free_file(context.environment, settings);
  const BenchRequest& request = settings.request;
  for (const std::string& input : request.inputs) check_readable(input);
  const Log log = log_for(context, settings.common);
  log_origins(log, settings.common);
  // Made first, so that an unwritable file is found before minutes of measuring.
  std::optional<OutputFile> file;
  if (!settings.json.empty() && settings.json != "-") file.emplace(settings.json);

  const BenchReport report =
      run_benchmark(request, bundle_opener(context.environment), log, context.stop);
  if (settings.json == "-") return context.console.print(bench_json(report, program_version()));
  context.console.print(bench_table(report));
  if (!file) return;
  file->write(bench_json(report, program_version()));
  file->commit();
}

}  // namespace

void add_bench_command(CLI::App& app, Context& context) {
  CommandOptions taken(
      app, context, "bench",
      "Measure how fast models run here, and how near to the device's own limit",
      {"virnucpro bench --precision fp16,bf16,int8,fp32",
       "virnucpro bench --shape published-650m --precision fp16,bf16 --json bench.json",
       "virnucpro bench --device cuda --shape published-3b",
       "virnucpro bench contigs.fa --bundle published/ --orfs 200 --threads 16"});
  taken.arguments("INPUT",
                  "FASTA, FASTQ, SAM, BAM or CRAM files; - is standard input; none: random "
                  "sequences with open frames",
                  "the path of a file", /*are_needed=*/false);
  taken.run_with(Command::kBench, [&context](const std::vector<std::string>& arguments,
                                             const GivenOptions& options) {
    run_bench(context, bench_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
