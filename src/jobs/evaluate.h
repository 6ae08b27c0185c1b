// Judges a finished run by labels of its records.
#pragma once

#include <stop_token>
#include <string>

#include "base/log.h"
#include "base/work_progress.h"
#include "report/evaluation_report.h"

namespace virnucpro {

struct EvaluationRequest {
  std::string folder;  ///< of the run's database, which is only read
  std::string labels;  ///< a table as in evaluation/label_table.h
  EvaluationRule rule;
};

/// Fills a report except for the program's own facts. Warns of records without a label and of
/// labels without a record, which are left out. Throws InputError for a run that is not complete,
/// damaged files, labels of other records, or none of one class; Interrupted.
EvaluationReport evaluate_results(const EvaluationRequest& request, const Log& log,
                                  const std::stop_token& stop = {},
                                  const WorkProgress& progress = {});

}  // namespace virnucpro
