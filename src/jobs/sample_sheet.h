// Samples of one call of `predict`: their table, and the tables over all of them.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

namespace virnucpro {

/// One sample: its folder of results is that of its name.
struct Sample {
  std::string name;
  std::vector<std::string> files;  ///< one, or two files of mates
};

/// The tables over all samples, in the folder of the samples: contigs.tsv and contig_tiers.tsv of
/// each, with its name as the first column.
inline constexpr const char* kAllContigsFile = "all_contigs.tsv";
inline constexpr const char* kAllTiersFile = "all_contig_tiers.tsv";
inline constexpr const char* kAllFiles[] = {kAllContigsFile, kAllTiersFile};

/// Reads a tab-separated table with a header: sample, file and, optionally, file2; other columns
/// are passed over. Names are those of folders, each once. Throws InputError naming the line.
std::vector<Sample> read_sample_sheet(const std::string& path, const std::stop_token& stop = {});

/// Writes both tables, together; every sample is finished. Throws InputError, OutputError,
/// Interrupted.
void write_all_samples(const std::vector<Sample>& samples, const std::string& folder,
                       const std::stop_token& stop = {});

}  // namespace virnucpro
