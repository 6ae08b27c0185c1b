// Reads and writes bundle.json.
#pragma once

#include <string>
#include <string_view>

#include "weights/bundle.h"

namespace virnucpro {

/// ModelError naming `origin` and key when a key is missing or wrong. Unknown keys of the top level
/// are kept in extra_json.
BundleInfo parse_bundle_card(std::string_view text, const std::string& origin);

/// The card's text; parse_bundle_card() of it gives the same info.
std::string format_bundle_card(const BundleInfo& info);

}  // namespace virnucpro
