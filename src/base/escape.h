// Ids as they may stand in a table or a message: never able to end a field, a line or the encoding.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace virnucpro {

/// Appends `id`; control bytes (tab, line ends, NUL, ESC, 0x7f) and bytes that are not UTF-8 become
/// \xHH. Everything else stays, a backslash too: the result is always valid UTF-8 of one line and
/// one field, and escaping it again changes nothing.
void append_escaped(std::string& text, std::string_view id);

std::string escaped(std::string_view id);

/// Long enough to recognise any real name, short enough for one line of a terminal.
inline constexpr std::size_t kShownIdBytes = 60;

/// For messages: the first kShownIdBytes of `id`, and "..." where it is longer. Control bytes and
/// bytes that are not UTF-8 are '?'.
std::string shown_id(std::string_view id);

}  // namespace virnucpro
