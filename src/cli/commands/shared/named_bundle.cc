#include "cli/commands/shared/named_bundle.h"

#include <memory>
#include <utility>

#include "config/options.h"
#include "weights/embedded_bundle.h"
#include "weights/open_bundle.h"

namespace virnucpro::cli {

static_assert(kDefaultBundle == kEmbeddedBundle, "the default bundle is the embedded one");

std::vector<std::string> embedded_bundle_names() { return {kEmbeddedBundle}; }

OpenBundle bundle_opener(const Environment& environment) {
  return [&environment](const std::string& name) { return open_named_bundle(environment, name); };
}

ModelHashing hashing_for(const Context& context, std::stop_token stop) {
  return {std::make_shared<ContentHashes>(HashCache(hash_cache_folder(context.environment))),
          std::move(stop)};
}

}  // namespace virnucpro::cli
