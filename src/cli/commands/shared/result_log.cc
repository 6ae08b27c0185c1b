#include "cli/commands/shared/result_log.h"

namespace virnucpro::cli {

void log_results(const StoredResults& results, const std::string& folder, const Log& log) {
  const OutcomeCounts& chunks = results.ledger.chunks;
  log.info("viral: {} of {} records, {} of {} scored chunks", results.calls.viral_records,
           results.intake.records, results.calls.viral_chunks, chunks[Outcome::kScored]);
  log.info("results in {}: predictions.tsv has every frame, contigs.tsv every record", folder);
}

}  // namespace virnucpro::cli
