// The line of a SAM file that htslib has refused.
#pragma once

#include <htslib/hts.h>

#include <string_view>

namespace virnucpro {

/// True when it has a flag and a reference in its second and third fields: where the header names
/// no reference at all, it is the header that is missing. Of a file that no thread of htslib reads.
/// The parser has replaced the tabs it has reached by zeros, and forgotten the length.
inline bool names_reference(const htsFile& file) {
  const std::string_view line(file.line.s, file.line.m);
  constexpr std::string_view kEnds("\t\0", 2);
  const std::size_t flag = line.find_first_of(kEnds) + 1;
  const std::size_t end = line.find_first_not_of("0123456789", flag);
  return flag != 0 && end != flag && end + 1 < line.size() &&
         kEnds.find(line[end]) != std::string_view::npos && line[end + 1] != '*';
}

/// Follows "record 3 (line 3) ".
inline constexpr std::string_view kHeaderIsMissing =
    "is of a reference that the header does not name: the header is missing. Print it, too: "
    "samtools view -h";

}  // namespace virnucpro
