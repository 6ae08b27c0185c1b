// Annotated genomes in GenBank's flat file format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "dataset/feature_table.h"
#include "sequence/line_reader.h"

namespace virnucpro {

/// Why an entry cannot be used.
enum class EntryProblem {
  kNone,
  kNoBases,  ///< it only names other entries (CONTIG, WGS), or was saved without its sequence
  kProtein,
  kDamaged,
};

/// What of an entry matters here. Locations are passed over: which proteins there are is enough.
struct GenbankRecord {
  std::string id;        ///< of VERSION (accession.version), else of ACCESSION, else of LOCUS
  std::string organism;  ///< of the feature `source`, else of ORGANISM; may be empty
  std::string bases;     ///< letters as in the file; unusable with a problem
  std::vector<std::string> translations;  ///< of the features CDS, in their order
  std::uint64_t coding_sequences = 0;     ///< features CDS
  std::uint64_t line = 0;                 ///< of LOCUS
  EntryProblem problem = EntryProblem::kNone;
  std::string message;  ///< of the problem, beginning with file and line
};

/// Reads one file, plain, gzip or bgzip, entry by entry; text before and between them (the head of
/// a release file) is passed over. The log is told at the end of the file what was passed over and
/// how often. Throws InputError naming file and line for what cannot be read, for FASTA or EMBL
/// behind the entries and for a file that ends within an entry, and is spent then. An entry whose
/// length is that of its LOCUS is whole without its end mark, too. One thread at a time.
class GenbankReader {
 public:
  explicit GenbankReader(const std::string& path, Log log = {}, InputTerms terms = {})
      : lines_(path, log, std::move(terms)), log_(log) {}

  /// Overwrites `record`, keeping its capacity. False: the file has ended as it should.
  bool next(GenbankRecord& record);

  /// What was read, after the last entry.
  const KnownFile& file() { return lines_.file(); }

 private:
  enum class Section { kOther, kFeatures, kOrigin };

  bool find_entry();
  void begin(GenbankRecord& record);
  bool take_line(GenbankRecord& record);
  void keyword(GenbankRecord& record, std::string_view name);
  void take_bases(GenbankRecord& record);
  void finish(GenbankRecord& record, bool has_end_mark);
  void judge(GenbankRecord& record);
  void tell();
  void set_problem(GenbankRecord& record, EntryProblem problem, std::string_view text) const;
  [[noreturn]] void fail(std::string_view problem) const;

  LineReader lines_;
  Log log_;
  std::string line_;
  bool has_locus_ = false;  ///< line_ begins an entry that is not begun yet
  // Of the entry at hand.
  Section section_ = Section::kOther;
  bool has_version_ = false;
  bool names_others_ = false;         ///< CONTIG, or a master record
  std::uint64_t declared_bases_ = 0;  ///< 0: LOCUS does not tell
  std::uint64_t first_position_ = 0;  ///< of the bases
  std::string loose_bases_;           ///< letters of lines without a position
  bool are_bases_loose_ = false;      ///< so far such lines held nothing but bases
  Sightings entry_text_;              ///< lines in ORIGIN that are no bases
  std::string header_organism_;
  FeatureTable features_;
  // Of the file.
  Sightings head_lines_;     ///< before the first entry
  Sightings foreign_lines_;  ///< between and behind entries
  Sightings text_lines_;
  Sightings unended_;
  std::uint64_t entries_ = 0;
};

}  // namespace virnucpro
