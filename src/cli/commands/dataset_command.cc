#include "cli/commands/dataset_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/errors.h"
#include "base/format.h"
#include "base/input_guard.h"
#include "cli/command_line/help.h"
#include "cli/command_line/labels_option.h"
#include "cli/commands/shared/result_log.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "pipeline/make_dataset.h"
#include "report/dataset_files.h"

namespace virnucpro::cli {
namespace {

struct DatasetArguments {
  DatasetRequest request;
  bool force = false;
  OutputOptions log;
};

/// Something must be left to train on.
void require_shares(const SplitShares& shares) {
  if (shares.validation + shares.test < 1.0) return;
  throw ConfigError(fmt::format(
      "--validation-share {} and --test-share {} leave nothing to train on; their sum must be "
      "below 1.",
      shares.validation, shares.test));
}

void make(Context& context, const DatasetArguments& arguments) {
  DatasetRequest request = arguments.request;
  require_shares(request.rule.shares);
  const Log log = log_for(context, arguments.log);
  InputGuard inputs;
  for (const std::string& genome : request.genomes) inputs.add("the input", genome);
  inputs.add("--labels", request.labels);
  inputs.require_streams_apart();
  inputs.require_apart(request.output, dataset_file_names());
  require_free_dataset_folder(request.output, arguments.force);
  request.program_version = program_version();
  request.command_line = command_line_of(context);
  const DatasetReport report = make_dataset(request, log, context.stop);
  context.console.print(dataset_summary(report));
  context.console.flush();
}

}  // namespace

void add_dataset_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "dataset", "Cut labelled genomes into balanced fragments to train, validate and test on");
  auto arguments = std::make_shared<DatasetArguments>();
  DatasetRequest& request = arguments->request;
  CommandOptions options(*command, context);
  options
      .arguments("GENOMES", "FILE", "GenBank, FASTA, FASTQ, SAM, BAM or CRAM files, plain or gzip",
                 request.genomes)
      .required();
  add_labels_option(options, request.labels, "group, source (the genome) and species");
  options
      .text("-o,--output-dir", "DIR",
            "Folder for fragments, labels and dataset.json; made when missing", request.output)
      .required();
  options.expected_length("--expected-length,--model-type", "Length of fragments in bases [500]",
                          request.expected_length);
  options.whole("--fragments",
                "Fragments of each class, in all splits together [as many as keep all groups of "
                "a class equal]",
                request.rule.fragments, {.low = 1, .high = std::uint64_t{1} << 40});
  options.number("--validation-share", "S", "Share of each group's species to validate on [0.1]",
                 request.rule.shares.validation, {});
  options.number("--test-share", "T", "Share of each group's species to test on [0.1]",
                 request.rule.shares.test, {});
  options.whole("--seed", "Of the split and the selection [1]", request.rule.seed, {});
  options.flag("--force", "Replace a dataset that is there already.", arguments->force);
  add_output_options(options, arguments->log);
  command->footer(help_footer(
      {"virnucpro dataset phages.gbff.gz bacteria.gbff.gz --labels labels.tsv -o data",
       "virnucpro dataset genomes.fa --labels labels.tsv --expected-length 300 --fragments 20000 "
       "--seed 7 -o data"}));
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { make(context, *arguments); };
  });
}

}  // namespace virnucpro::cli
