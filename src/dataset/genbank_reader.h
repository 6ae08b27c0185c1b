// Annotated genomes in GenBank's flat file format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sequence/line_reader.h"

namespace virnucpro {

/// What of an entry matters here. Locations are passed over: which proteins there are is enough.
struct GenbankRecord {
  std::string id;        ///< of VERSION (accession.version), else of ACCESSION, else of LOCUS
  std::string organism;  ///< of the feature `source`, else of ORGANISM; may be empty
  std::string bases;     ///< letters as in the file
  std::vector<std::string> translations;  ///< of the features CDS, in their order
  std::uint64_t line = 0;                 ///< of LOCUS
};

/// Reads one file, plain, gzip or bgzip, entry by entry. Throws InputError naming file and line for
/// what is damaged or cut, for proteins, and for an entry without bases (CONTIG alone). After that
/// the reader is spent. One thread at a time.
class GenbankReader {
 public:
  explicit GenbankReader(const std::string& path) : lines_(path) {}

  /// Overwrites `record`, keeping its capacity. False: the file has ended as it should.
  bool next(GenbankRecord& record);

 private:
  enum class Section { kOther, kFeatures, kOrigin };

  void begin(GenbankRecord& record);
  void keyword(GenbankRecord& record);
  void feature(GenbankRecord& record);
  void qualifier(GenbankRecord& record, std::string_view text);
  void take_value(std::string_view text);
  void take_bases(GenbankRecord& record);
  void finish(GenbankRecord& record);
  [[noreturn]] void fail(std::string_view problem) const;

  LineReader lines_;
  std::string line_;
  // Of the entry at hand.
  Section section_ = Section::kOther;
  bool has_version_ = false;
  bool has_contig_ = false;
  std::uint64_t declared_bases_ = 0;  ///< 0: LOCUS does not tell
  std::string header_organism_;
  // Of the feature at hand.
  std::string_view feature_;      ///< one of the keys that are looked at, or empty
  std::string* value_ = nullptr;  ///< where the qualifier's value goes, if it is wanted
  bool is_translation_ = false;
  bool in_quotes_ = false;
  std::uint64_t quote_line_ = 0;
};

}  // namespace virnucpro
