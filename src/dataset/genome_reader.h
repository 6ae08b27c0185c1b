// Genomes of all input files, with their annotation where there is one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "dataset/genbank_reader.h"
#include "sequence/reader.h"

namespace virnucpro {

/// One record. Only GenBank entries are annotated; one without CDS translations still is. One with
/// a problem has an id, but no bases that can be used: whether that matters is for the caller to
/// say.
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

/// Reads GenBank flat files and all that SequenceReader reads, told apart by content, one file
/// after the other. Memory: one record. Throws InputError as the two readers do.
/// One thread at a time.
class GenomeReader {
 public:
  GenomeReader(std::vector<std::string> paths, Log log);

  /// Overwrites `genome`. False: all files have ended as they should.
  bool next(Genome& genome);

 private:
  bool next_in_file(Genome& genome);

  std::vector<std::string> paths_;
  Log log_;
  std::size_t next_path_ = 0;
  std::unique_ptr<GenbankReader> genbank_;
  std::unique_ptr<SequenceReader> sequences_;
  GenbankRecord entry_;
  Record record_;
};

}  // namespace virnucpro
