// `label-reads`: each read gets the call of the contig that it aligns to best.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/log.h"
#include "base/work_progress.h"

namespace virnucpro {

/// From which values on a read counts as mapped well.
struct MappedWell {
  std::uint64_t min_mapq = 5;
  double min_identity = 90.0;   ///< percent
  double min_query_cov = 80.0;  ///< percent
};

struct LabelReadsRequest {
  std::string alignments;  ///< SAM, BAM, CRAM or PAF; "-": standard input
  std::string results;     ///< a folder with contig_tiers.tsv, or a table with its columns
  std::string output;
  bool is_paf = false;
  MappedWell well;
  std::size_t threads = 2;  ///< of htslib, beside the caller
};

struct LabelReadsSummary {
  std::uint64_t alignments = 0;  ///< primary and mapped
  std::uint64_t skipped = 0;     ///< secondary or supplementary
  std::uint64_t reads = 0;
  std::uint64_t well = 0;
  std::uint64_t several = 0;  ///< on contigs with different calls
  std::uint64_t unknown_contigs = 0;
};

/// The path of the table that `results` names.
std::string tiers_path(const std::string& results);

/// Writes a row for each read name, in the order of their first alignments. Memory is bounded
/// whatever the number and order of alignments; it grows with the number of contigs. The output
/// appears whole or not at all. Throws InputError, OutputError, Interrupted.
LabelReadsSummary label_reads(const LabelReadsRequest& request, const Log& log,
                              const std::stop_token& stop = {}, const WorkProgress& progress = {});

}  // namespace virnucpro
