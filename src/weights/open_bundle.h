// Bundles by what users call them: a name or a folder.
#pragma once

#include <string>

#include "base/environment.h"
#include "weights/bundle.h"

namespace virnucpro {

/// What `name` means: an embedded bundle, which keeps its name ("./mini" is a folder where "mini"
/// is embedded); the bundle in the folder of that path; the bundle of that name where `models pull`
/// puts them (weights/bundle_places.h); and otherwise that path.
std::string bundle_place(const Environment& environment, const std::string& name);

/// The bundle that `name` means. Throws ModelError, which names the command that fetches it where
/// it is a published one.
Bundle open_named_bundle(const Environment& environment, const std::string& name);

}  // namespace virnucpro
