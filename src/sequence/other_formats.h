// Files that are often given where sequences or tables are expected: what they are, what helps.
#pragma once

#include <string_view>

namespace virnucpro {

struct OtherFormat {
  std::string_view what;    ///< behind "<file>: is "; empty: none that is known
  std::string_view advice;  ///< whole sentences
};

/// Of data that are no text, by the marks that they begin with (after one layer of gzip, if any).
OtherFormat other_binary_format(std::string_view head);

/// Of text, by its first lines; `head` must begin behind a byte order mark.
OtherFormat other_text_format(std::string_view head);

/// Whether an entry of GenBank begins in `head`, which is no FASTA or FASTQ: a line "LOCUS ...",
/// below blank lines or the head of a release file.
bool looks_like_genbank(std::string_view head);

}  // namespace virnucpro
