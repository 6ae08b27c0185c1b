// The name that git gives to the content of a file: the only public hash of some published weights.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

namespace virnucpro {

/// SHA-1 of "blob <size>\0" and the content, as `git hash-object` prints it. Throws ModelError
/// naming the file when it cannot be read; Interrupted. SHA-1 does not resist somebody who makes
/// two files on purpose; it finds every accident, and any file that was put in place later.
std::string git_blob_id(const std::string& path, const std::stop_token& stop = {});

/// True for 40 hexadecimal digits in lower case.
bool is_git_id(std::string_view text);

}  // namespace virnucpro
