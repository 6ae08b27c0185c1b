// Messages about paths that name a folder where a file is meant, and the reverse.
#pragma once

#include <string>

namespace virnucpro {

/// The message for the path of a folder where `expected` ("a table of labels") is a file. Empty for
/// any other path, about which the reader that opens it says more. Thread-safe.
std::string folder_for_file(const std::string& path, const std::string& expected);

/// The message for a path that is missing or not a folder, where `expected` ("the folder of a
/// bundle") is one; empty for a folder. Thread-safe.
std::string no_folder(const std::string& path, const std::string& expected);

}  // namespace virnucpro
