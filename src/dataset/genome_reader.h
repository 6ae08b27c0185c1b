// Reads the genomes of all input files, with their annotation where there is one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/known_file.h"
#include "base/log.h"
#include "dataset/genbank_reader.h"
#include "sequence/reader.h"

namespace virnucpro {

/// One record. GenBank entries are annotated, even those without CDS translations; no others are.
/// A record with a problem has an id but no usable bases: the caller decides whether that
/// matters.
struct Genome {
  std::string id;
  std::string organism;  ///< empty where not known
  std::string bases;
  bool is_annotated = false;
  std::vector<std::string> translations;
  std::uint64_t coding_sequences = 0;  ///< features CDS, with a translation or without
  std::uint32_t file = 0;              ///< index into the paths
  EntryProblem problem = EntryProblem::kNone;
  std::string message;  ///< of the problem, beginning with file and line
};

/// Reads GenBank flat files and all that SequenceReader reads, told apart
/// by content, one file after the other. Memory: one record. Throws
/// InputError, ChangedInput and Interrupted as the two readers do. One
/// thread at a time.
class GenomeReader {
 public:
  explicit GenomeReader(std::vector<std::string> paths, Log log = {}, std::stop_token stop = {});

  /// As SequenceReader::expect().
  void expect(std::vector<std::optional<KnownFile>> known);

  /// Overwrites `genome`. False: all files have ended as they should.
  bool next(Genome& genome);

  /// The files that have ended, as they were read, in the order of the paths.
  const std::vector<KnownFile>& files() const { return files_; }

 private:
  bool next_in_file(Genome& genome);
  void open_next();
  void close();

  std::vector<std::string> paths_;
  Log log_;
  std::stop_token stop_;
  std::vector<std::optional<KnownFile>> known_;
  std::vector<KnownFile> files_;
  std::size_t next_path_ = 0;
  std::unique_ptr<GenbankReader> genbank_;
  std::unique_ptr<SequenceReader> sequences_;
  GenbankRecord entry_;
  Record record_;
};

}  // namespace virnucpro
