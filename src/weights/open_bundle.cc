#include "weights/open_bundle.h"

#include <filesystem>
#include <system_error>

#include "base/errors.h"
#include "base/format.h"
#include "weights/bundle_places.h"
#include "weights/embedded_bundle.h"
#include "weights/model_registry.h"

namespace virnucpro {

namespace fs = std::filesystem;

std::string bundle_place(const Environment& environment, const std::string& name) {
  std::error_code error;
  if (name == kEmbeddedBundle || fs::exists(fs::path(name) / kBundleCard, error)) return name;
  return find_named_bundle(environment, name).value_or(name);
}

Bundle open_named_bundle(const Environment& environment, const std::string& name) {
  if (name == kEmbeddedBundle) return embedded_bundle();
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

}  // namespace virnucpro
