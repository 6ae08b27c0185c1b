#include "cli/commands/dataset/dataset_command.h"

#include <memory>
#include <string>

#include "base/errors.h"
#include "base/format.h"
#include "base/input_guard.h"
#include "cli/command_line/command_options.h"
#include "cli/command_line/help.h"
#include "cli/commands/dataset/dataset_settings.h"
#include "cli/commands/shared/shown_work.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "fitting/dataset.h"
#include "report/dataset_files.h"

namespace virnucpro::cli {
namespace {

void make(Context& context, const DatasetSettings& settings) {
  DatasetRequest request = settings.request;
  const Log log = log_for(context, settings.common);
  log_origins(log, settings.common);
  InputGuard inputs;
  for (const std::string& genome : request.genomes) inputs.add("the input", genome);
  inputs.add("--labels", request.labels);
  inputs.add("--config", settings.common.config);
  inputs.require_streams_apart();
  inputs.require_apart(request.output, dataset_file_names());
  require_free_dataset_folder(request.output, settings.force);
  request.program_version = program_version();
  request.command_line = command_line_of(context);
  const DatasetReport report = [&] {
    ShownWork shown(context, log, settings.common, request.genomes);
    return make_dataset(request, log, context.stop, shown.progress());
  }();
  context.console.print(dataset_summary(report));
  context.console.flush();
}

}  // namespace

void add_dataset_command(CLI::App& app, Context& context) {
  CommandOptions taken(
      app, context, "dataset",
      "Cut labelled genomes into balanced fragments to train, validate and test on",
      {"virnucpro dataset phages.gbff.gz bacteria.gbff.gz --labels labels.tsv -o data",
       "virnucpro dataset genomes.fa --labels labels.tsv --expected-length 300 --fragments 20000 "
       "--seed 7 -o data"});
  taken.arguments("GENOMES", "GenBank, FASTA, FASTQ, SAM, BAM or CRAM files, plain or gzip",
                  "the path of a file", /*are_needed=*/true);
  taken.run_with(Command::kDataset, [&context](const std::vector<std::string>& arguments,
                                               const GivenOptions& options) {
    make(context, dataset_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
