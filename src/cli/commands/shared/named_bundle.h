// Bundles by their names on the command line.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/environment.h"
#include "cli/context.h"
#include "devices/load_models.h"
#include "weights/bundle.h"

namespace virnucpro::cli {

std::vector<std::string> embedded_bundle_names();

/// What `name` means: an embedded bundle, which keeps its name ("./mini" is a folder where "mini"
/// is embedded); the bundle in the folder of that path; the bundle of that name where `models pull`
/// puts them (weights/bundle_places.h); and otherwise that path.
std::string bundle_place(const Environment& environment, const std::string& name);

/// The bundle that `name` means. Throws ModelError, which names the command that fetches it where
/// it is a published one.
Bundle open_named_bundle(const Environment& environment, const std::string& name);

/// The same, for code that knows no environment; `environment` must outlive it.
OpenBundle bundle_opener(const Environment& environment);

/// Hashes of the models of one command, remembered in the user's cache folder.
ModelHashing hashing_for(const Context& context, std::stop_token stop);

}  // namespace virnucpro::cli
