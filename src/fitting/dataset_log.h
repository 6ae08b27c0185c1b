// What the log says of the splits of a dataset: how much each has, and what keeps it from more.
#pragma once

#include <cstddef>

#include "base/log.h"
#include "dataset/selection.h"
#include "fitting/dataset.h"
#include "report/dataset_report.h"

namespace virnucpro {

/// `candidates`: fragments that may be taken. Throws InputError or ConfigError where nothing is
/// left to train on.
void log_splits(const DatasetRequest& request, const DatasetReport& report,
                const Selection& selection, std::size_t candidates, const Log& log);

}  // namespace virnucpro
