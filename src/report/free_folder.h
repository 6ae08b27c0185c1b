// Checks that a folder may take new results.
#pragma once

#include <span>
#include <string>

namespace virnucpro {

/// Throws ConfigError when the path exists and is not a folder; `what` names the results.
void require_no_file(const std::string& folder, const char* what);

/// The first of the files `names` that the folder holds; null: it holds none.
const char* held_file(const std::string& folder, std::span<const char* const> names);

/// The same as require_no_file(), and ConfigError when the folder holds one of the files `names`
/// and `force` is not set.
void require_free_folder(const std::string& folder, const char* what,
                         std::span<const char* const> names, bool force);

/// The folder, made unless it exists: for files that are opened as members. OutputError.
const std::string& made_folder(const std::string& folder);

}  // namespace virnucpro
