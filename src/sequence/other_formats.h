// Recognises files that are often given in place of sequences or tables, and says what helps.
#pragma once

#include <string_view>

namespace virnucpro {

struct OtherFormat {
  std::string_view what;    ///< follows "<file>: is "; empty: not recognised
  std::string_view advice;  ///< whole sentences
};

/// Recognises data that are not text by their first bytes (after one layer of gzip, if any).
OtherFormat other_binary_format(std::string_view head);

/// Recognises text by its first lines; `head` must begin after a byte order mark.
OtherFormat other_text_format(std::string_view head);

/// True when an entry of GenBank begins in `head`, which is not FASTA or FASTQ: a line "LOCUS ..."
/// after blank lines or the head of a release file.
bool looks_like_genbank(std::string_view head);

}  // namespace virnucpro
