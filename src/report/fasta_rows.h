// A record as FASTA.
#pragma once

#include <string_view>

#include "base/output_file.h"

namespace virnucpro {

/// Writes the header, which must be one line, and the bases, 80 columns a line.
void write_fasta(OutputFile& file, std::string_view header, std::string_view bases);

}  // namespace virnucpro
