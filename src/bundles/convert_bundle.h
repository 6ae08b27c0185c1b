// `models convert`: stores a bundle's dense layers in 8 bits, as loading them would make them.
#pragma once

#include <stop_token>
#include <string>

#include "backend/backend.h"
#include "base/work_progress.h"
#include "weights/bundle.h"

namespace virnucpro {

/// Writes `bundle` to `folder` with its dense layers in `precision`, int8 or fp8. The columns that
/// int8 keeps in float16 are sought on `backend`, so that results there are the same bytes as those
/// of `bundle` in int8. Throws what quantize_bundle() and loading the encoders throw.
BundleInfo convert_bundle(const Bundle& bundle, Precision precision, const std::string& folder,
                          bool force, Backend& backend, const WorkProgress& progress = {},
                          const std::stop_token& stop = {});

}  // namespace virnucpro
