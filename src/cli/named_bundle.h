// Bundles by the names that the command line knows.
#pragma once

#include <string>
#include <vector>

#include "weights/bundle.h"

namespace virnucpro::cli {

std::vector<std::string> embedded_bundle_names();

/// An embedded bundle by its name, else the bundle in the folder of that path ("./mini" is a folder
/// where "mini" is embedded). Throws ModelError.
Bundle open_named_bundle(const std::string& name);

}  // namespace virnucpro::cli
