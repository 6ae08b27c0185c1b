// Copies some of the records of a sequence file, in its own format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/known_file.h"

namespace virnucpro {

/// What is asked of each record: its number within the file, from 0, as SequenceReader counts, and
/// its name. Secondary and supplementary alignments have the number of none (absent).
struct CopyQuestion {
  std::optional<std::uint64_t> number;
  std::string_view name;     ///< header up to the first white space
  bool is_template = false;  ///< records of one name are of one template: FASTQ, SAM, BAM, CRAM
};

/// A copy in the making: it has its name only once it is whole.
class RecordCopy {
 public:
  virtual ~RecordCopy() = default;
  virtual void publish() = 0;
  std::uint64_t records = 0;  ///< primary ones read
  std::uint64_t written = 0;  ///< all that were written
};

/// Copies the records of `input`, which must be `known`, that `takes` says. Text stays as it is,
/// line by line; compressed with bgzip where the name of `output` ends in .gz or .bgz. SAM, BAM and
/// CRAM keep header and tags. `threads` of htslib help. Memory: one record. Throws InputError,
/// ChangedInput, OutputError, Interrupted.
std::unique_ptr<RecordCopy> copy_records(const std::string& input,
                                         const std::optional<KnownFile>& known,
                                         const std::string& output, std::size_t threads,
                                         const std::function<bool(const CopyQuestion&)>& takes,
                                         const std::stop_token& stop = {});

}  // namespace virnucpro
