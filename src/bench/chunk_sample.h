// A random sample of the chunks of inputs, and counts of all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace virnucpro {

/// A chunk as a record of its own, with an id as long as that of its record.
struct SampledChunk {
  std::string id;
  std::string bases;
};

/// What was seen of the inputs before the time was over.
struct InputCensus {
  std::uint64_t records = 0;
  std::uint64_t bases = 0;
  std::uint64_t chunks = 0;
  std::vector<SampledChunk> sample;  ///< each chunk with the same probability, in random order
  bool is_whole = true;
  double seconds = 0.0;
};

/// Reads the inputs until `is_enough` says so, which is asked now and then with the counts so far,
/// and keeps at most `most` chunks. The same inputs, read as far, give the same sample. Throws
/// InputError, Interrupted.
InputCensus take_census_of(const std::vector<std::string>& inputs, std::int64_t expected_length,
                           std::size_t most,
                           const std::function<bool(const InputCensus&)>& is_enough,
                           const std::stop_token& stop);

/// Writes chunks as a FASTA file. Throws OutputError.
void write_chunks(std::span<const SampledChunk> chunks, const std::string& path);

}  // namespace virnucpro
