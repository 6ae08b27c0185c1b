// `models export`: a bundle as one file for another machine.
#pragma once

#include <stop_token>
#include <string>

#include "weights/bundle.h"

namespace virnucpro {

/// Writes a tar archive with the bundle's files in a folder `name`. Every part is compared with its
/// SHA-256. ModelError for a damaged bundle; ConfigError for a file that is there already, unless
/// `force`; OutputError; Interrupted. The file appears whole or not at all.
void export_bundle(const Bundle& bundle, const std::string& name, const std::string& path,
                   bool force, const std::stop_token& stop = {});

}  // namespace virnucpro
