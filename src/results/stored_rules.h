// Checks the stored rows of a run by the rules that made them.
//
// Checksums prove that rows are what was stored; these rules prove that a run could have stored
// them, whichever program did. All code that uses a stored run visits it here.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "calls/calibration.h"
#include "run/run_database.h"

namespace virnucpro {

/// How much of a chunk was read, by rows of visit_run(); of several runs the longest counts.
ChunkReading reading_of(const StoredChunk& chunk, std::span<const StoredOrf> orfs);

/// True when the two probabilities sum to 1 within float rounding, and for every ORF that failed.
bool are_possible_scores(const StoredOrf& orf);

/// RunDatabase::visit() with checks. Before a row reaches the visitor, its chunk is compared with
/// ChunkRange, its frames with find_orfs of the stored bases, its scores and outcomes with each
/// other and with those of an equal ORF. Throws DamagedDatabase, naming the record, at the first
/// row that does not fit, and InputError where the work does not name the length of its chunks.
/// ORFs reach the visitor with what was read of the chunk. Of more `threads` than one, a second one
/// reads ahead, and a third one checks; the visitor is always called here, in the same order, and
/// may use the database.
void visit_run(const RunDatabase& database, StoredRunVisitor& visitor, std::size_t threads = 1);
/// RunDatabase::visit_so_far(), checked as above.
void visit_run_so_far(const RunDatabase& database, StoredRunVisitor& visitor);
/// RunDatabase::visit_in_steps(), checked as above.
std::function<bool(StoredRunVisitor&)> visit_run_in_steps(const RunDatabase& database);

}  // namespace virnucpro
