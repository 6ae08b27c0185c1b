#include "cli/named_bundle.h"

#include <string_view>

#include "config/settings.h"
#include "weights/embedded_bundle.h"

namespace virnucpro::cli {

static_assert(std::string_view(kDefaultBundle) == kEmbeddedBundle,
              "the default bundle is the embedded one");

std::vector<std::string> embedded_bundle_names() { return {kEmbeddedBundle}; }

Bundle open_named_bundle(const std::string& name) {
  return name == kEmbeddedBundle ? embedded_bundle() : Bundle::open(name);
}

}  // namespace virnucpro::cli
