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

/// The reason why an entry cannot be used.
enum class EntryProblem {
  kNone,
  kNoBases,  ///< it only names other entries (CONTIG, WGS), or was saved without a sequence
  kProtein,
  kDamaged,
};

/// The parts of an entry that matter here. Locations are skipped: only the proteins are needed.
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

/// Reads one file, plain, gzip or bgzip, entry by entry, and skips text before and between entries
/// (the head of a release file). At the end of the file it logs what was skipped and how often.
/// Throws InputError naming file and line for unreadable data, for FASTA or EMBL after the entries
/// and for a file that ends within an entry; it cannot be used after that. An entry as long as its
/// LOCUS says is whole even without its end mark. One thread at a time.
class GenbankReader {
 public:
  explicit GenbankReader(const std::string& path, Log log = {}, InputTerms terms = {})
      : lines_(path, log, std::move(terms)), log_(log) {}

  /// Overwrites `record`, keeping its capacity. False: the file has ended as it should.
  bool next(GenbankRecord& record);

  /// The file as it was read; valid after the last entry.
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
  void log_skipped();
  void set_problem(GenbankRecord& record, EntryProblem problem, std::string_view text) const;
  [[noreturn]] void fail(std::string_view problem) const;

  LineReader lines_;
  Log log_;
  std::string line_;
  bool has_locus_ = false;  ///< line_ begins the next entry
  // The current entry.
  Section section_ = Section::kOther;
  bool has_version_ = false;
  bool names_others_ = false;         ///< CONTIG, or a master record
  std::uint64_t declared_bases_ = 0;  ///< 0: LOCUS does not say
  std::uint64_t first_position_ = 0;  ///< of the bases
  std::string loose_bases_;           ///< letters of lines without a position
  bool are_bases_loose_ = false;      ///< so far such lines held nothing but bases
  Sightings entry_text_;              ///< lines in ORIGIN that are no bases
  std::string header_organism_;
  FeatureTable features_;
  // The whole file.
  Sightings head_lines_;     ///< before the first entry
  Sightings foreign_lines_;  ///< between and after entries
  Sightings text_lines_;
  Sightings unended_;
  std::uint64_t entries_ = 0;
};

}  // namespace virnucpro
