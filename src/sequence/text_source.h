// FASTA and FASTQ records, plain or compressed.
#pragma once

#include <memory>

#include "base/log.h"
#include "sequence/input_file.h"
#include "sequence/record_source.h"

namespace virnucpro {

/// Takes the file over. Its first character decides between FASTA and FASTQ, at the first next().
std::unique_ptr<RecordSource> open_text_source(InputFile input, Log log);

}  // namespace virnucpro
