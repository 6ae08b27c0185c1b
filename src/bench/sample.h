// The sequences that a benchmark runs on, and counts of what they hold.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/environment.h"
#include "tokenizer/dna_tokenizer.h"

namespace virnucpro {

/// A folder of its own in the system's place for temporary files; removed with all its content.
class TemporaryFolder {
 public:
  /// Throws OutputError that names the variable for this place.
  explicit TemporaryFolder(const Environment& environment = process_environment());
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Writes a FASTA file to `path` that holds about `orfs` open frames (the last record may add a
/// few): records of half to four times `expected_length`, random codons without stops. The same
/// numbers give the same bytes. Throws OutputError.
void write_random_sample(const std::string& path, std::uint64_t orfs, std::int64_t expected_length);

/// The same with the first records of `inputs`; the last one is cut after the chunk in which the
/// number is reached. Throws InputError, OutputError, Interrupted.
void write_sample(const std::vector<std::string>& inputs, const std::string& path,
                  std::uint64_t orfs, std::int64_t expected_length,
                  const std::stop_token& stop = {});

/// The tokens of one encoder.
struct TokenCounts {
  std::uint64_t tokens = 0;
  std::uint64_t squared = 0;  ///< the sum of the squared lengths
};

/// The content of the inputs, and the time that one thread alone takes to find it out.
struct SampleCounts {
  std::uint64_t records = 0;
  std::uint64_t bases = 0;
  std::uint64_t chunks = 0;
  std::uint64_t orfs = 0;
  TokenCounts dnabert_s;
  TokenCounts esm2;
  double read_seconds = 0.0;
  double frames_seconds = 0.0;  ///< chunks and open frames
  double tokenize_seconds = 0.0;
};

/// Throws InputError, also for inputs without an open frame, where nothing can be measured;
/// Interrupted.
SampleCounts count_sample(const std::vector<std::string>& inputs, std::int64_t expected_length,
                          const DnaTokenizer& tokenizer, const std::stop_token& stop = {});

}  // namespace virnucpro
