// Where bundles lie that are asked for by their names alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"

namespace virnucpro {

/// The folders whose subfolders are bundles by name, in the order of their search: those of
/// VIRNUCPRO_MODELS (several with colons), $XDG_DATA_HOME/virnucpro (~/.local/share/virnucpro), and
/// virnucpro in each of XDG_DATA_DIRS (/usr/local/share, /usr/share). They need not exist.
std::vector<std::string> bundle_places(const Environment& environment);

/// The first of them that is a bundle of this name; absent when there is none, or when `name` is a
/// path.
std::optional<std::string> find_named_bundle(const Environment& environment,
                                             const std::string& name);

/// The names of all of them and their folders, each name once, as it would be found; by place and
/// name.
struct NamedBundle {
  std::string name;
  std::string folder;
};
std::vector<NamedBundle> named_bundles(const Environment& environment);

}  // namespace virnucpro
