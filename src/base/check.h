// Always-on checks of contracts between modules.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/errors.h"

namespace virnucpro {

/// Throws ContractError with the formatted text when `condition` is false. For our own bugs only;
/// data from outside gets an InputError or ModelError that says what to do.
template <typename... Args>
void check(bool condition, fmt::format_string<Args...> text, Args&&... args) {
  if (!condition) [[unlikely]] {
    throw ContractError("internal error: " + fmt::format(text, std::forward<Args>(args)...));
  }
}

}  // namespace virnucpro
