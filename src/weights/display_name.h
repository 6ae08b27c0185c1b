// Names that come from files, made fit for a message.
#pragma once

#include <string>
#include <string_view>

namespace virnucpro {

/// 'name' in quotes: control and non-ASCII bytes as \xNN, cut after 120 characters. Thread-safe.
std::string display_name(std::string_view name);

}  // namespace virnucpro
