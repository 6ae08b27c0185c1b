// Compares a bundle with a stored run of the models that it is said to be.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/log.h"
#include "devices/load_models.h"
#include "studies/published_verdict.h"
#include "weights/bundle.h"
#include "weights/stored_run.h"

namespace virnucpro {

/// A device to compare on.
struct CheckDevice {
  std::string name;
  Backend& backend;
};

/// What is compared, and how it is loaded.
struct CheckRequest {
  const StoredRun& stored;
  const BundleInfo& info;
  /// Empty: all that a device offers. A device leaves out those that it does not offer.
  std::vector<Precision> precisions;
  /// As load_models(), with the classifier of the stored run's length where the bundle has one.
  std::function<LoadedModels(Precision precision, Backend& backend)> load;
  Log log = {};
};

/// True for a bundle whose encoders are as wide as the published ones: it is meant to be them.
bool has_published_widths(const BundleInfo& info);

/// Computes the stored frames on every device in every precision, one after the other, and finds
/// out which part is wrong. FP32 runs padded, the others packed. ModelError where the widths differ
/// from those of the run, or the weights cannot be loaded; Interrupted.
PublishedCheck check_against(const CheckRequest& request, const std::vector<CheckDevice>& devices,
                             const std::stop_token& stop = {});

}  // namespace virnucpro
