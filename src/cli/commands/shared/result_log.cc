#include "cli/commands/shared/result_log.h"

#include "base/counted.h"

namespace virnucpro::cli {

void log_results(const StoredResults& results, const std::string& folder, const Log& log) {
  const OutcomeCounts& chunks = results.ledger.chunks;
  log.info("viral: {} of {}, {} of {}", results.calls.viral_records,
           counted(results.intake.records, "record"), results.calls.viral_chunks,
           counted(chunks[Outcome::kScored], "scored chunk"));
  log_where(folder, log);
}

void log_where(const std::string& folder, const Log& log) {
  log.info(
      "results in {}: open report.html first; contigs.tsv has every record, viral.fasta those "
      "called "
      "viral, regions.bed where virus lies in them, predictions.tsv every frame",
      folder);
}

}  // namespace virnucpro::cli
