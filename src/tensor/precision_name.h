// Finds precisions by the names that users give them.
#pragma once

#include <optional>
#include <string_view>

#include "tensor/precision.h"

namespace virnucpro {

/// The precision whose name_of() is `name`; absent where there is none.
constexpr std::optional<Precision> precision_named(std::string_view name) {
  for (const Precision precision : kPrecisions) {
    if (name == name_of(precision)) return precision;
  }
  return std::nullopt;
}

}  // namespace virnucpro
