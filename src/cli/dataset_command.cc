#include "cli/dataset_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/errors.h"
#include "base/format.h"
#include "cli/console.h"
#include "cli/help.h"
#include "cli/labels_option.h"
#include "cli/program.h"
#include "cli/result_log.h"
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

void make(Program& program, const DatasetArguments& arguments) {
  DatasetRequest request = arguments.request;
  require_shares(request.rule.shares);
  const Log log = log_for(program, arguments.log);
  require_free_dataset_folder(request.output, arguments.force);
  request.program_version = program_version();
  request.command_line = command_line_of(program);
  const DatasetReport report = make_dataset(request, log, program.stop);
  program.console.print(dataset_summary(report));
  program.console.flush();
}

}  // namespace

void add_dataset_command(CLI::App& app, Program& program) {
  CLI::App* command = app.add_subcommand(
      "dataset", "Cut labelled genomes into balanced fragments to train, validate and test on");
  auto arguments = std::make_shared<DatasetArguments>();
  DatasetRequest& request = arguments->request;
  command
      ->add_option("GENOMES", request.genomes,
                   "GenBank, FASTA, FASTQ, SAM, BAM or CRAM files, plain or gzip")
      ->required()
      ->type_name("");
  add_labels_option(*command, request.labels, "group, source (the genome) and species");
  command
      ->add_option("-o,--output-dir", request.output,
                   "Folder for fragments, labels and dataset.json; made when missing")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--expected-length,--model-type", request.expected_length,
                   "Length of fragments in bases [500]")
      ->type_name("300|500")
      ->check(CLI::IsMember({300, 500}));
  command
      ->add_option("--fragments", request.rule.fragments,
                   "Fragments of each class, in all splits together [as many as keep all groups of "
                   "a class equal]")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  command
      ->add_option("--validation-share", request.rule.shares.validation,
                   "Share of each group's species to validate on [0.1]")
      ->type_name("S")
      ->check(CLI::Range(0.0, 1.0));
  command
      ->add_option("--test-share", request.rule.shares.test,
                   "Share of each group's species to test on [0.1]")
      ->type_name("T")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--seed", request.rule.seed, "Of the split and the selection [1]")
      ->type_name("N");
  command->add_flag("--force", arguments->force, "Replace a dataset that is there already.");
  add_output_options(*command, arguments->log);
  command->footer(help_footer(
      {"virnucpro dataset phages.gbff.gz bacteria.gbff.gz --labels labels.tsv -o data",
       "virnucpro dataset genomes.fa --labels labels.tsv --expected-length 300 --fragments 20000 "
       "--seed 7 -o data"}));
  command->callback([&program, arguments] {
    program.action = [&program, arguments] { make(program, *arguments); };
  });
}

}  // namespace virnucpro::cli
