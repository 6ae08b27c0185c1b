// Figures from the tables of an evaluation.
#pragma once

#include <stop_token>
#include <string>

#include "report/evaluation_charts.h"

namespace virnucpro {

/// The same chart that `evaluate` draws, from the files in `folder`. Throws InputError,
/// Interrupted.
Chart read_evaluation_chart(EvaluationChart chart, const std::string& folder,
                            const std::stop_token& stop);

}  // namespace virnucpro
