#pragma once
#include <string>
#include <vector>
#include "weights/bundle.h"
namespace virnucpro::cli {
inline std::vector<std::string> embedded_bundle_names() { return {}; }
inline Bundle open_named_bundle(const std::string& name) { return Bundle::open(name); }
}  // namespace virnucpro::cli
