// What the variables of the Hugging Face ecosystem say, and where its cache keeps files.
#pragma once

#include <string>
#include <vector>

#include "base/environment.h"

namespace virnucpro {

/// Plain values.
struct HuggingFace {
  /// "https://huggingface.co", or the mirror of HF_ENDPOINT; without a slash at its end.
  std::string endpoint;
  bool is_mirror = false;  ///< HF_ENDPOINT names another place
  std::string token;       ///< empty: none
  bool is_offline = false;
  /// The folders that hold models--ORG--NAME; the first is the ecosystem's own.
  std::vector<std::string> caches;
};

/// Reads HF_ENDPOINT; HF_TOKEN, HUGGING_FACE_HUB_TOKEN, else the file HF_TOKEN_PATH or
/// $HF_HOME/token (none of them with HF_HUB_DISABLE_IMPLICIT_TOKEN); HF_HUB_OFFLINE; HF_HUB_CACHE,
/// HF_HOME, XDG_CACHE_HOME, HOME. ConfigError for an endpoint that is not https.
HuggingFace hugging_face(const Environment& environment);

/// The paths at which the caches would hold a file of this revision: under the revision's name, and
/// under each of the `hashes` (SHA-256 or git's) of its content, which other revisions may share.
std::vector<std::string> cached_paths(const std::vector<std::string>& caches,
                                      const std::string& repository, const std::string& revision,
                                      const std::string& file,
                                      const std::vector<std::string>& hashes);

/// The folder of torch.hub's checkpoints: $TORCH_HOME/hub/checkpoints, else in the user's cache;
/// empty where there is no home.
std::string torch_checkpoints(const Environment& environment);

}  // namespace virnucpro
