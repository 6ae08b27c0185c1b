#include "cli/commands/bench_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "base/output_file.h"
#include "bench/bench_report.h"
#include "bench/benchmark.h"
#include "cli/command_line/command_options.h"
#include "cli/command_line/help.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/log_output.h"
#include "config/options.h"
#include "sequence/input_file.h"

namespace virnucpro::cli {
namespace {

constexpr double kMostSeconds = 86400.0;

/// What was given, before it is checked.
struct BenchArguments {
  std::vector<std::string> inputs;
  std::string bundles;
  std::string shapes;
  std::string precisions = "fp16";
  std::string device = BenchRequest().device;
  std::int64_t expected_length = 500;
  std::size_t threads = 0;
  std::size_t batch_tokens = 0;
  std::optional<std::uint64_t> orfs;
  double seconds = BenchRequest().seconds;
  std::string json;
  bool force = false;
  bool quiet = false;
};

/// "a,b" as a and b; ConfigError naming `flag` for a list with an empty or repeated entry.
std::vector<std::string> split(const std::string& list, std::string_view flag) {
  std::vector<std::string> entries;
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    std::string entry = list.substr(begin, end - begin);
    if (entry.empty() || std::find(entries.begin(), entries.end(), entry) != entries.end()) {
      throw ConfigError(fmt::format(
          "{}: '{}' has an entry that is empty or repeated; it takes a list such as a,b", flag,
          list));
    }
    entries.push_back(std::move(entry));
    begin = end + 1;
  }
  return entries;
}

Precision precision_named(const std::string& name) {
  for (const Precision precision : kPrecisions) {
    if (name == name_of(precision)) return precision;
  }
  throw ConfigError(fmt::format(
      "--precision: '{}' cannot be used; it takes fp16, bf16, int8 and fp32, separated by commas",
      name));
}

BenchRequest checked(const BenchArguments& arguments) {
  BenchRequest request;
  request.inputs = arguments.inputs;
  request.orfs = arguments.orfs;
  request.seconds = arguments.seconds;
  request.expected_length = arguments.expected_length;
  request.device = arguments.device;
  request.threads = arguments.threads;
  request.batch_tokens = arguments.batch_tokens;
  for (const std::string& name : split(arguments.precisions, "--precision")) {
    request.precisions.push_back(precision_named(name));
  }
  if (!arguments.bundles.empty()) {
    for (std::string& name : split(arguments.bundles, "--bundle")) {
      request.models.push_back({std::move(name), nullptr});
    }
  }
  if (!arguments.shapes.empty()) {
    for (const std::string& name : split(arguments.shapes, "--shape")) {
      request.models.push_back({{}, &shapes_named(name)});
    }
  }
  if (request.models.empty()) request.models.push_back({embedded_bundle_names().front(), nullptr});
  if (request.orfs == std::uint64_t{0}) {
    if (request.inputs.empty()) {
      throw ConfigError(
          "--orfs 0 takes the whole input, but there is none; give a number or INPUT");
    }
    if (std::find(request.inputs.begin(), request.inputs.end(), "-") != request.inputs.end()) {
      throw ConfigError(
          "--orfs 0 reads the whole input several times, which standard input ('-') cannot; give "
          "a number or a file");
    }
  }
  for (const std::string& input : request.inputs) check_readable(input);
  return request;
}

/// Before the inputs are looked at.
void require_free_file(const BenchArguments& arguments) {
  InputGuard inputs;
  for (const std::string& input : arguments.inputs) inputs.add("the input", input);
  if (!arguments.bundles.empty()) {
    for (const std::string& name : split(arguments.bundles, "--bundle")) {
      add_bundle(inputs, "--bundle", name);
    }
  }
  inputs.require_streams_apart();
  if (arguments.json.empty() || arguments.json == "-") return;
  inputs.require_apart(arguments.json, "--json");
  std::error_code error;
  if (arguments.force || !std::filesystem::exists(arguments.json, error)) return;
  throw ConfigError(
      fmt::format("{}: exists already. Name another file with --json, or pass --force to replace "
                  "it.",
                  arguments.json));
}

void run_bench(Context& context, const BenchArguments& arguments) {
  require_free_file(arguments);
  const BenchRequest request = checked(arguments);
  const Log log = make_log(context.console, {.quiet = arguments.quiet, .json = false});
  // Made first: a file that cannot be written is found before minutes of measuring.
  std::optional<OutputFile> file;
  if (!arguments.json.empty() && arguments.json != "-") file.emplace(arguments.json);

  const BenchReport report = run_benchmark(request, open_named_bundle, log, context.stop);
  if (arguments.json == "-") return context.console.print(bench_json(report, program_version()));
  context.console.print(bench_table(report));
  if (!file) return;
  file->write(bench_json(report, program_version()));
  file->commit();
}

void add_arguments(CommandOptions& options, BenchArguments& arguments) {
  std::string shapes;
  for (const ModelShapes& shape : known_shapes()) {
    shapes += fmt::format("{}{} ({})", shapes.empty() ? "" : ", ", shape.name, shape.description);
  }
  options.arguments("INPUT", "FILE",
                    "FASTA, FASTQ, SAM, BAM or CRAM files; - is standard input; none: random "
                    "sequences with open frames",
                    arguments.inputs);
  options.text("--bundle", "NAME|DIR,...",
               "Models to measure: embedded bundles or folders, separated by commas [mini, "
               "unless --shape is given]",
               arguments.bundles);
  options.text("--shape", "NAME,...",
               "Models of these sizes with random weights, separated by commas: " + shapes,
               arguments.shapes);
  options.text("--precision", "NAME,...",
               "fp16, bf16, int8 and fp32, separated by commas; fp32 runs padded [fp16]",
               arguments.precisions);
  options.text("--device", "NAME",
               "auto, cpu, or GPUs such as cuda or cuda:0,1; 'virnucpro devices' shows them [cpu]",
               arguments.device);
  options.expected_length("--expected-length", "Chunk length in bases [500]",
                          arguments.expected_length);
  options.whole("-t,--threads", "Threads; 0 takes every processor [0]", arguments.threads,
                {.high = kMaxThreads, .zero = "all processors"});
  options.whole("--batch-tokens", "Tokens of one batch; 0 is automatic [0]", arguments.batch_tokens,
                {.high = kMaxBatchTokens, .zero = "automatic"});
  options.whole("--orfs",
                "Open frames to take from the input; 0 is the whole input [what --seconds "
                "allow, at least a full batch]",
                arguments.orfs, {.high = std::uint64_t{1} << 32, .zero = "the whole input"});
  options.number("--seconds", "N",
                 "For the runs of one model in one precision, up to three [30]; the products "
                 "that they are compared with take as long again",
                 arguments.seconds, {.high = kMostSeconds, .low_is_open = true});
  options.text("--json", "FILE",
               "Write all figures to this file; - is standard output, instead of the table",
               arguments.json);
  options.flag("--force", "Replace the file of --json", arguments.force);
  options.flag("-q,--quiet", "Show warnings and errors only", arguments.quiet);
}

}  // namespace

void add_bench_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "bench", "Measure how fast models run here, and how near to the device's own limit");
  auto arguments = std::make_shared<BenchArguments>();
  CommandOptions options(*command, context);
  add_arguments(options, *arguments);
  command->footer(
      help_footer({"virnucpro bench --precision fp16,bf16,int8,fp32",
                   "virnucpro bench --shape published-650m --precision fp16,bf16 --json bench.json",
                   "virnucpro bench --device cuda --shape published-3b",
                   "virnucpro bench contigs.fa --bundle published/ --orfs 200 --threads 16"}));
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { run_bench(context, *arguments); };
  });
}

}  // namespace virnucpro::cli
