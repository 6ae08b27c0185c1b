// Bundles by their names on the command line.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "cli/context.h"
#include "devices/load_models.h"
#include "weights/bundle.h"

namespace virnucpro::cli {

std::vector<std::string> embedded_bundle_names();

/// An embedded bundle by its name, else the bundle in the folder of that path ("./mini" is a folder
/// where "mini" is embedded). Throws ModelError.
Bundle open_named_bundle(const std::string& name);

/// Hashes of the models of one command, remembered in the user's cache folder.
ModelHashing hashing_for(const Context& context, std::stop_token stop);

}  // namespace virnucpro::cli
