// The names of the result files of a run.
#pragma once

#include <string>
#include <vector>

namespace virnucpro::test {

/// Every table except run.json, which says when and how.
inline const std::vector<std::string> kTables = {"predictions.tsv",
                                                 "contigs.tsv",
                                                 "contig_tiers.tsv",
                                                 "viral.fasta",
                                                 "regions.bed",
                                                 "regions.gff3",
                                                 "prediction_results.txt",
                                                 "prediction_results_highestscore.csv"};

}  // namespace virnucpro::test
