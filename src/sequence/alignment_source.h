// The reads of SAM, BAM and CRAM files, as the sequencer gave them.
#pragma once

#include <memory>

#include "base/log.h"
#include "sequence/input_file.h"
#include "sequence/record_source.h"

namespace virnucpro {

/// Takes the file over and reads its header. Every read comes once: secondary and supplementary
/// records are skipped and counted, reads on the reverse strand are turned back, and the two of a
/// pair get `/1` and `/2`. Warns of BAM without the end block that it should have; CRAM from
/// version 3 on must have its end container. Throws InputError.
std::unique_ptr<RecordSource> open_alignment_source(InputFile input, Log log);

}  // namespace virnucpro
