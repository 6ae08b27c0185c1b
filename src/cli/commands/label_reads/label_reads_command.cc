#include "cli/commands/label_reads/label_reads_command.h"

#include <string>
#include <vector>

#include "cli/command_line/command_options.h"
#include "cli/commands/label_reads/label_reads_settings.h"
#include "cli/commands/shared/shown_work.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "jobs/label_reads.h"

namespace virnucpro::cli {
namespace {

void run_label_reads(Context& context, const LabelReadsSettings& settings) {
  const LabelReadsRequest& request = settings.request;
  const CommonSettings& common = settings.common;
  const Log log = log_for(context, common);
  log_origins(log, common);
  InputGuard inputs;
  inputs.add("the alignments", request.alignments);
  inputs.add("the results", tiers_path(request.results));
  if (tiers_path(request.results) != request.results) {  // a folder
    add_results(inputs, "the results", request.results);
    add_inputs_of_run(inputs, "the results", request.results);
  }
  inputs.add("--config", common.config);
  inputs.require_streams_apart();
  inputs.require_apart(request.output);
  {
    ShownWork shown(context, log, common, {request.alignments});
    label_reads(request, log, context.stop, shown.progress());
  }
  log.info("labels in {}", request.output);
}

}  // namespace

void add_label_reads_command(CLI::App& app, Context& context) {
  CommandOptions taken(app, context, "label-reads",
                       "Label reads with the call of the contig that they align to best",
                       {"virnucpro label-reads aligned.bam results -o reads.tsv.gz",
                        "minimap2 -ax sr contigs.fa reads.fq | virnucpro label-reads - "
                        "results -o reads.tsv",
                        "virnucpro label-reads aligned.paf results --paf -o reads.tsv"});
  taken.argument("ALIGNED", "SAM, BAM or CRAM file of reads aligned to the contigs, with NM tags",
                 "the path of a file");
  taken.argument("RESULTS",
                 "Output folder of 'predict', or a table with the columns of its "
                 "contig_tiers.tsv",
                 "the path of a folder or a file");
  taken.run_with(Command::kLabelReads, [&context](const std::vector<std::string>& arguments,
                                                  const GivenOptions& options) {
    run_label_reads(context, label_reads_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
