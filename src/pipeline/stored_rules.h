// The rules of a run applied again to its stored rows.
//
// Checksums prove that rows are what was stored; these rules prove that a run could have stored
// them, whichever program did. Whoever makes anything of a stored run visits it here.
#pragma once

#include <functional>

#include "run/run_database.h"

namespace virnucpro {

/// The two probabilities sum to 1 within the rounding of floats; always of an ORF that failed.
bool are_possible_scores(const StoredOrf& orf);

/// RunDatabase::visit(); before a row reaches the visitor, its chunk is compared with ChunkRange,
/// its frames with find_orfs of the stored bases, its scores and outcomes with each other and with
/// those of an equal ORF. Throws DamagedDatabase, naming the record, at the first that does not
/// fit, and InputError where the work does not name the length of its chunks.
void visit_run(const RunDatabase& database, StoredRunVisitor& visitor);
/// RunDatabase::visit_so_far(), checked as above.
void visit_run_so_far(const RunDatabase& database, StoredRunVisitor& visitor);
/// RunDatabase::visit_in_steps(), checked as above.
std::function<bool(StoredRunVisitor&)> visit_run_in_steps(const RunDatabase& database);

}  // namespace virnucpro
