// Whether a folder may take new results.
#pragma once

#include <span>
#include <string>

namespace virnucpro {

/// Throws ConfigError when something else than a folder has the name; `what` is to go there.
void require_no_file(const std::string& folder, const char* what);

/// The same, and ConfigError when the folder holds one of the files `names` and `force` is not set.
void require_free_folder(const std::string& folder, const char* what,
                         std::span<const char* const> names, bool force);

}  // namespace virnucpro
