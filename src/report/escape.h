// Ids as they may stand in a table: never able to end a field, a line or the encoding.
#pragma once

#include <string>
#include <string_view>

namespace virnucpro {

/// kReversible: our own tables; a backslash becomes \\, so the original can be told from the text.
/// kMinimal: files whose ids must stay as the published tool writes them; a backslash stays.
enum class Escape { kReversible, kMinimal };

/// Appends `id` with control bytes (tab, line ends, NUL, ESC, 0x7f) and bytes that are not UTF-8
/// as \xHH. Everything else stays: the result is always valid UTF-8 of one line and one field.
void append_escaped(std::string& text, std::string_view id, Escape mode);

std::string escaped(std::string_view id, Escape mode);

}  // namespace virnucpro
