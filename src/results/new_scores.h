// The scores that another classifier gives to the embeddings that a run has kept.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "backend/backend.h"
#include "base/number_file.h"
#include "base/work_progress.h"
#include "calls/call_rule.h"
#include "models/classifier.h"
#include "run/run_database.h"

namespace virnucpro {

/// The new scores of all ORFs of a run, kept on the disk. Thread-confined.
class NewScores {
 public:
  /// Computes all of them, in bounded memory; the temporary file is in `folder`. A repeat gets the
  /// scores of the ORF it equals. `name` stands for the classifier in messages. ModelError when the
  /// classifier does not fit the embeddings, PrecisionError when it gives a value that is not a
  /// probability; InputError when an embedding is missing; Interrupted.
  NewScores(const RunDatabase& database, const Classifier& classifier, const std::string& name,
            Backend& backend, const std::string& folder, const std::stop_token& stop = {},
            const WorkProgress& progress = {});

  /// ContractError for an ORF that failed.
  ScorePair of(std::uint64_t orf) const;

 private:
  NumberFile file_;
};

}  // namespace virnucpro
