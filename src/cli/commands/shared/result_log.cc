#include "cli/commands/shared/result_log.h"

#include "cli/terminal/console.h"
#include "cli/terminal/log_output.h"

namespace virnucpro::cli {

void add_output_options(CommandOptions& options, OutputOptions& target) {
  options.flag("-q,--quiet", "Show warnings and errors only.", target.quiet);
  options.flag("--json-log", "Messages as one JSON object per line.", target.json_log);
}

Log log_for(Context& context, const OutputOptions& options) {
  if (options.json_log) context.console.use_json();
  return make_log(context.console, {options.quiet, options.json_log});
}

std::vector<std::string> command_line_of(const Context& context) {
  std::vector<std::string> line = {"virnucpro"};
  line.insert(line.end(), context.arguments.begin(), context.arguments.end());
  return line;
}

void log_results(const StoredResults& results, const std::string& folder, const Log& log) {
  const OutcomeCounts& chunks = results.ledger.chunks;
  log.info("viral: {} of {} records, {} of {} scored chunks", results.calls.viral_records,
           results.intake.records, results.calls.viral_chunks, chunks[Outcome::kScored]);
  log.info("results in {}: predictions.tsv has every frame, contigs.tsv every record", folder);
}

}  // namespace virnucpro::cli
