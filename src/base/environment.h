// The one way environment variables reach the program: a read-only view that tests can replace.
#pragma once

#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

namespace virnucpro {

/// Looks a variable up; nullopt when unset. Passed down, so that no module calls getenv itself.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

inline Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

/// True for 1, true and yes in any case, trimmed (docs/explanation/numerics.md#8-precision).
bool is_true(const std::string& value);

}  // namespace virnucpro
