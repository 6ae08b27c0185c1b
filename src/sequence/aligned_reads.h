// Reads aligned to contigs: the primary alignments of a SAM, BAM or CRAM file, or of a PAF file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace virnucpro {

/// What an alignment says of its read and contig. The view is valid until the next one.
struct AlignedRead {
  std::string_view name;
  std::uint32_t contig = 0;       ///< its index in contigs()
  std::uint32_t read_length = 0;  ///< with what was clipped
  std::uint32_t aligned = 0;      ///< bases of the read in the alignment, without clipped ones
  std::uint32_t block = 0;        ///< columns of the alignment: M, I, D, = and X
  std::uint32_t matches = 0;      ///< columns without difference; at most `block`
  std::uint8_t mapping_quality = 0;
  bool is_reverse = false;
};

struct AlignedContig {
  std::string name;
  std::uint64_t length = 0;
};

/// The records of such a file that are mapped and primary, in its order. One thread at a time.
/// Memory: one record, the contigs, fixed buffers.
class AlignedReads {
 public:
  virtual ~AlignedReads() = default;

  /// False at the proper end of the file. Throws InputError naming file and record for anything
  /// damaged, cut or without the tag NM; ChangedInput; Interrupted.
  virtual bool next(AlignedRead& read) = 0;

  /// So far; those of SAM, BAM and CRAM are there from the start.
  virtual const std::vector<AlignedContig>& contigs() const = 0;
  /// The header promises that alignments of one name stand together.
  virtual bool is_grouped() const = 0;
  /// Records passed over so far because they are secondary or supplementary.
  virtual std::uint64_t skipped() const = 0;
};

/// `path` may be "-" for standard input. `threads` of htslib decompress beside the caller. `log` is
/// told of missing end blocks and of padding, as the sequence readers tell it.
std::unique_ptr<AlignedReads> open_aligned_reads(const std::string& path, std::size_t threads,
                                                 Log log = {}, std::stop_token stop = {});
/// The same for minimap2's PAF, plain or gzip. The identity is that of `NM` over the block of `cg`,
/// or column 11 without one; without NM 1 - `de`; without both columns 10 and 11.
std::unique_ptr<AlignedReads> open_paf(const std::string& path, std::stop_token stop = {});

}  // namespace virnucpro
