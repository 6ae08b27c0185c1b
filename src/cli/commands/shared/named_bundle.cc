#include "cli/commands/shared/named_bundle.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "config/options.h"
#include "weights/bundle_places.h"
#include "weights/embedded_bundle.h"
#include "weights/model_registry.h"

namespace virnucpro::cli {
namespace {

namespace fs = std::filesystem;

bool is_embedded(const std::string& name) { return name == kEmbeddedBundle; }

}  // namespace

static_assert(kDefaultBundle == kEmbeddedBundle, "the default bundle is the embedded one");

std::vector<std::string> embedded_bundle_names() { return {kEmbeddedBundle}; }

std::string bundle_place(const Environment& environment, const std::string& name) {
  std::error_code error;
  if (is_embedded(name) || fs::exists(fs::path(name) / kBundleCard, error)) return name;
  return find_named_bundle(environment, name).value_or(name);
}

Bundle open_named_bundle(const Environment& environment, const std::string& name) {
  if (is_embedded(name)) return embedded_bundle();
  const std::string place = bundle_place(environment, name);
  std::error_code error;
  if (!fs::exists(place, error) && embedded_registry().find(name) != nullptr) {
    throw ModelError(fmt::format(
        "{}: these models are not on this machine yet; looked in {}. Fetch them with 'virnucpro "
        "models pull {}'.",
        name, fmt::join(bundle_places(environment), ", "), name));
  }
  return Bundle::open(place);
}

OpenBundle bundle_opener(const Environment& environment) {
  return [&environment](const std::string& name) { return open_named_bundle(environment, name); };
}

ModelHashing hashing_for(const Context& context, std::stop_token stop) {
  return {std::make_shared<ContentHashes>(HashCache(hash_cache_folder(context.environment))),
          std::move(stop)};
}

}  // namespace virnucpro::cli
