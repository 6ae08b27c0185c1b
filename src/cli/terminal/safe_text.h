// Makes text from outside safe for terminals and logs.
#pragma once

#include <string>
#include <string_view>

namespace virnucpro::cli {

/// Valid UTF-8 on one line: control characters, direction marks and line separators become \n, \t,
/// \xNN or \u{NNNN}, and bytes that are not UTF-8 become \xNN. All else is kept. Pure.
std::string escape_controls(std::string_view text);

/// `text`, escaped as above, as a JSON string with its quotes.
std::string json_string(std::string_view text);

}  // namespace virnucpro::cli
