#include "bundles/new_bundle.h"

#include <vector>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "weights/bundle.h"

namespace virnucpro {

void require_sound_bundle(const std::string& folder, const Log& log) {
  const std::vector<std::string> problems = verify_bundle(folder);
  if (problems.empty()) {
    log.debug("{}: all parts are whole", folder);
    return;
  }
  throw ModelError(
      fmt::format("{}: {} in the bundle that was just written: {}. Is the disk in "
                  "order? Run the command again with --force.",
                  folder, counted(problems.size(), "problem"), fmt::join(problems, "; ")));
}

}  // namespace virnucpro
