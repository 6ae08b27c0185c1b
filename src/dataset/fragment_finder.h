// Finds the fragments of a genome that training can use.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/genome_reader.h"
#include "sequence/chunks.h"
#include "sequence/frames.h"

namespace virnucpro {

/// A chunk with at least one frame that counts.
struct FoundFragment {
  Chunk chunk;
  FrameMask frames;
  std::uint64_t hash = 0;  ///< of the bases; the same for either strand
};

struct FragmentCounts {
  std::uint64_t chunks = 0;
  std::uint64_t with_unknown = 0;   ///< left out: a letter other than A, C, G and T
  std::uint64_t without_frame = 0;  ///< left out: no frame that counts
};

/// Writes `bases` in upper case to `upper`; false where any letter is not A, C, G or T.
bool plain_bases(std::string_view bases, std::string& upper);

/// A hash of plain bases: the same on every machine, and the same for the reverse complement.
std::uint64_t strand_free_hash(std::string_view upper);

/// A frame counts when it is free of stops and, in an annotated genome, its whole protein lies in a
/// CDS translation of the record; runs count likewise, where the rule reads them. Reuses its
/// buffers: one thread at a time.
class FragmentFinder {
 public:
  explicit FragmentFinder(std::uint64_t expected_length, FrameRule frames = {})
      : length_(expected_length), frames_(frames) {}

  /// The fragments of one record, in order; valid until the next call. Adds to `counts`.
  const std::vector<FoundFragment>& find(const Genome& genome, FragmentCounts& counts);

 private:
  const std::uint64_t length_;
  const FrameRule frames_;
  std::vector<FoundFragment> found_;
  std::string upper_;
  OrfBuffer orfs_;
};

}  // namespace virnucpro
