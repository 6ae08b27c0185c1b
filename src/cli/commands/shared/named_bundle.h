// The bundles of a command, by their names.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/environment.h"
#include "cli/context.h"
#include "devices/load_models.h"

namespace virnucpro::cli {

std::vector<std::string> embedded_bundle_names();

/// open_named_bundle() for code that knows no environment; `environment` must outlive it.
OpenBundle bundle_opener(const Environment& environment);

/// Hashes of the models of one command, remembered in the user's cache folder.
ModelHashing hashing_for(const Context& context, std::stop_token stop);

}  // namespace virnucpro::cli
