// Where htslib looks for the references of CRAM files.
#pragma once

namespace virnucpro {

/// Sets REF_PATH, where it is unset, to htslib's own cache of references: without it, htslib asks a
/// server of the EBI, and this program uses no network. Call before a CRAM file is opened.
void keep_references_local();

}  // namespace virnucpro
