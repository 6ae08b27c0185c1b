#include "bench/chunk_sample.h"

#include <algorithm>
#include <string_view>

#include "base/format.h"
#include "base/output_file.h"
#include "base/stop.h"
#include "base/stopwatch.h"
#include "sequence/chunks.h"
#include "sequence/reader.h"

namespace virnucpro {
namespace {

/// Records between two looks at the clock: a look costs as much as a short read.
constexpr std::uint64_t kRecordsPerLook = 64;

/// Longer ids are cut: they decide nothing but bytes on the disk.
constexpr std::size_t kLongestId = 256;

}  // namespace

InputCensus take_census_of(const std::vector<std::string>& inputs, std::int64_t expected_length,
                           std::size_t most,
                           const std::function<bool(const InputCensus&)>& is_enough,
                           const std::stop_token& stop) {
  InputCensus census;
  std::mt19937_64 random(20);  // its sequence is fixed by the standard
  SequenceReader reader(inputs, {}, stop);
  const Stopwatch watch;
  for (Record record; reader.next(record);) {
    throw_if_stopped(stop);
    ++census.records;
    census.bases += record.bases.size();
    const std::string_view bases = record.bases;
    for (const Chunk& chunk :
         ChunkRange(record.ordinal, bases.size(), static_cast<std::uint64_t>(expected_length))) {
      const std::uint64_t number = census.chunks++;
      std::size_t place = census.sample.size();
      if (place < most) {
        census.sample.emplace_back();
      } else {
        // The remainder's bias is below 1e-9 for any input that fits on a disk.
        place = static_cast<std::size_t>(random() % (number + 1));
        if (place >= most) continue;
      }
      SampledChunk& kept = census.sample[place];
      kept.id.assign(std::min(record.id.size(), kLongestId), 'x');
      kept.bases.assign(bases.substr(chunk.start, chunk.end - chunk.start));
    }
    if (census.records % kRecordsPerLook == 0 && is_enough(census)) {
      census.is_whole = false;
      break;
    }
  }
  census.seconds = watch.seconds();
  // The first ones stay in their order otherwise, and rounds are slices of the sample.
  for (std::size_t i = census.sample.size(); i > 1; --i) {
    std::swap(census.sample[i - 1], census.sample[static_cast<std::size_t>(random() % i)]);
  }
  return census;
}

void write_chunks(std::span<const SampledChunk> chunks, const std::string& path) {
  OutputFile file(path);
  for (const SampledChunk& chunk : chunks) {
    file.write(fmt::format(">{}\n{}\n", chunk.id, chunk.bases));
  }
  file.commit();
}

}  // namespace virnucpro
