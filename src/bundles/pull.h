// `models pull`: files of published models, fetched or found, become a bundle.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/environment.h"
#include "base/log.h"
#include "weights/bundle.h"
#include "weights/model_registry.h"

namespace virnucpro {

/// What `models pull` was asked for.
struct PullRequest {
  RegistryModel model;
  /// The folder in which the bundle gets a folder of the model's name.
  std::string folder;
  /// Files that were copied by hand; nothing is fetched then. Empty: none.
  std::string from;
  std::uint64_t connections = 4;  ///< at once, for one file
  bool keep_downloads = false;
  bool force = false;  ///< as in BundleImport
  std::string program_version;
};

/// Bytes of all files that are fetched: those that are there, and all where that is known.
using PullProgress = std::function<void(std::uint64_t bytes, std::optional<std::uint64_t> total)>;

/// The folder of the bundle.
std::string pulled_folder(const PullRequest& request);

/// Finds or fetches the files, compares them with the registry, makes the bundle and checks it. A
/// later call goes on where an earlier one ended. One call at a time for a folder, of any process.
/// ModelError for files that are missing, wrong or cannot be fetched; ConfigError for a folder or
/// variable that cannot be used; OutputError for a full disk; Interrupted.
BundleInfo pull_model(const PullRequest& request, const Environment& environment, const Log& log,
                      const PullProgress& progress, const std::stop_token& stop);

}  // namespace virnucpro
