// The chunk lengths of a bundle, as people read them.
#pragma once

#include <string>

#include "weights/bundle.h"

namespace virnucpro::cli {

/// "300, 500": those that its classifiers were trained for.
std::string lengths_of(const BundleInfo& info);

}  // namespace virnucpro::cli
