// The chunk lengths of a bundle, as text for users.
#pragma once

#include <string>

#include "weights/bundle.h"

namespace virnucpro::cli {

/// "300, 500": the lengths that its classifiers were trained for.
std::string lengths_of(const BundleInfo& info);

}  // namespace virnucpro::cli
