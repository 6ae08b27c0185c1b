// Which bytes may stand in the bases of a text record, and what a file's first records look like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace virnucpro {

/// A byte that cannot be a base.
struct BadBase {
  std::uint64_t position = 0;  ///< among the record's bases, from 1
  unsigned char byte = 0;
};

struct CopiedBases {
  std::optional<BadBase> bad;  ///< the first one; the bases are then unusable
  bool has_gaps = false;       ///< holds '-', '.' or '*'
};

/// Replaces `out` by `raw` without its white space. As in the published tool, every ASCII letter
/// passes, IUPAC or not, in its case: a letter outside ACGT only spoils its codon. The gap signs
/// '-', '.' and '*' of alignments pass, too. Digits, other signs and control bytes are bad.
CopiedBases copy_bases(std::string_view raw, std::string& out);

/// Counts of the letters that tell protein and RNA from DNA.
struct LetterCensus {
  std::size_t letters = 0;
  std::size_t protein_only = 0;  ///< E F I L P Q and others that code no nucleotide
  std::size_t thymine = 0;
  std::size_t uracil = 0;

  bool looks_like_protein() const;
  bool looks_like_rna() const { return uracil > 0 && thymine == 0; }
};

/// Counts the letters of at most the first 1000 bases.
LetterCensus take_census(std::string_view bases);

}  // namespace virnucpro
