// A bundle whose card holds what a study of precisions found.
#pragma once

#include <stop_token>
#include <string>

#include "report/precision_report.h"
#include "weights/bundle.h"

namespace virnucpro {

/// Writes `bundle` to `folder` with the figures of all precisions of the report; earlier ones of
/// the same precision and expected length give way. InputError when there was no frame; else as
/// Bundle::save().
void save_measured_bundle(const Bundle& bundle, const PrecisionReport& report,
                          const std::string& folder, bool force, const std::stop_token& stop = {});

}  // namespace virnucpro
