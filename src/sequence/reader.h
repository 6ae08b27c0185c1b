// The records of all input files, one after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/known_file.h"
#include "base/log.h"
#include "sequence/address.h"
#include "sequence/record.h"

namespace virnucpro {

class InputFeed;
class RecordSource;
struct TextPiece;

/// What is read of one input.
struct InputShare {
  bool is_left_out = false;                ///< nothing: it is not even opened
  std::shared_ptr<const TextPiece> piece;  ///< null: all of it
  std::uint64_t first_ordinal = 0;         ///< of the first record that is read
};

/// Reads FASTA, FASTQ, SAM, BAM and CRAM, plain, gzip or bgzip, told apart by content; "-" is
/// standard input. A file without records is valid. Memory: one record and fixed buffers. Throws
/// InputError naming file, record and line for anything missing, damaged or cut, ChangedInput for a
/// file that changes while it is read, and Interrupted; after that the reader cannot be used. One
/// thread at a time; several readers may work side by side. Silences htslib's own messages for the
/// whole process, because the errors say the same and more.
class SequenceReader {
 public:
  /// Checks at once that every path can be read, before hours of work on the first ones.
  explicit SequenceReader(std::vector<std::string> paths, Log log = {}, std::stop_token stop = {});
  ~SequenceReader();
  SequenceReader(SequenceReader&&) noexcept;
  SequenceReader& operator=(SequenceReader&&) noexcept;

  /// For each input, the file that it must be; absent where that is not known. Another file is
  /// refused at its end, before its last record is given. Call before the first next().
  void expect(std::vector<std::optional<KnownFile>> known);

  /// How inputs that are addresses are opened; without it they are errors. Call before the first
  /// next().
  void open_addresses_by(OpenAddress open) { open_address_ = std::move(open); }

  /// For each input, what is read of it; each must be known (expect()). Call before the first
  /// next(). A piece is proven by its hash at its end, as whole files are.
  void take(std::vector<InputShare> shares);

  /// Overwrites `record`, keeping its capacity. False: all files have ended as they should.
  bool next(Record& record);

  const std::vector<std::string>& paths() const { return paths_; }
  /// The files that have ended, as they were read, in the order of the paths.
  const std::vector<KnownFile>& files() const { return files_; }
  std::uint64_t records() const { return next_ordinal_; }
  /// Of the last record: where it begins in its file's text; absent where that cannot be used.
  std::optional<std::uint64_t> text_offset() const;
  /// Of the last record's file: the bytes of text at its begin that readers of later records need.
  std::uint64_t head_bytes() const;
  /// Alignment records skipped so far because their read also comes as a primary record.
  std::uint64_t skipped_secondary() const { return skipped_secondary_; }
  std::uint64_t skipped_supplementary() const { return skipped_supplementary_; }

 private:
  bool read(Record& record);
  void open_next();
  void close();

  std::vector<std::string> paths_;
  Log log_;
  std::stop_token stop_;
  std::vector<std::optional<KnownFile>> known_;
  std::vector<InputShare> shares_;  // of each path, or none
  OpenAddress open_address_;
  std::vector<KnownFile> files_;
  std::unique_ptr<InputFeed> feed_;
  std::unique_ptr<RecordSource> source_;  // reads what the feed gives
  std::size_t next_path_ = 0;
  std::uint64_t next_ordinal_ = 0;
  std::uint64_t skipped_secondary_ = 0;
  std::uint64_t skipped_supplementary_ = 0;
  bool failed_ = false;
};

}  // namespace virnucpro
