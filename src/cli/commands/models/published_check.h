// Compares a bundle with the published run and says what came of it: for the commands that make or
// verify bundles.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/log.h"
#include "cli/context.h"
#include "tensor/precision.h"
#include "weights/bundle.h"

namespace virnucpro::cli {

/// What to compare with, and where.
struct PublishedCheckSettings {
  std::string expected;               ///< folder of a stored run; empty: the published one
  std::vector<Precision> precisions;  ///< empty: all that a device has
  std::string device = "auto";        ///< auto: the best device, and the cpu
  std::size_t threads = 0;            ///< of the cpu; 0: every processor
};

/// True where a bundle that was just made is to be compared: its widths are those of the published
/// models, or a stored run was named.
bool is_to_be_checked(const BundleInfo& info, const PublishedCheckSettings& settings);

/// Computes the frames of the stored run with the bundle `name` (as --bundle takes it) and prints
/// the table, and PASS or what is wrong. Throws ModelError where the bundle is not what it should
/// be; the errors of devices and models.
void require_published(Context& context, const std::string& name,
                       const PublishedCheckSettings& settings, const Log& log);

}  // namespace virnucpro::cli
