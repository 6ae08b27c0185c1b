#include "download/hugging_face.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPublicEndpoint = "https://huggingface.co";

std::string value_of(const Environment& environment, const std::string& name) {
  return environment(name).value_or("");
}

/// The user's folder for caches; empty where there is no home.
std::string cache_home(const Environment& environment) {
  if (std::string cache = value_of(environment, "XDG_CACHE_HOME"); !cache.empty()) return cache;
  const std::string home = value_of(environment, "HOME");
  return home.empty() ? std::string() : home + "/.cache";
}

std::string hf_home(const Environment& environment) {
  if (std::string home = value_of(environment, "HF_HOME"); !home.empty()) return home;
  const std::string cache = cache_home(environment);
  return cache.empty() ? std::string() : cache + "/huggingface";
}

/// The first line without white space around it; empty when the file cannot be read.
std::string first_word(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

std::string token_of(const Environment& environment) {
  if (is_true(value_of(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN"))) return {};
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    if (std::string token = value_of(environment, name); !token.empty()) return token;
  }
  std::string path = value_of(environment, "HF_TOKEN_PATH");
  if (path.empty()) {
    const std::string home = hf_home(environment);
    if (home.empty()) return {};
    path = home + "/token";
  }
  return first_word(path);
}

}  // namespace

HuggingFace hugging_face(const Environment& environment) {
  HuggingFace result;
  result.endpoint = value_of(environment, "HF_ENDPOINT");
  while (result.endpoint.ends_with('/')) result.endpoint.pop_back();
  if (result.endpoint.empty()) result.endpoint = kPublicEndpoint;
  if (!result.endpoint.starts_with("https://")) {
    throw ConfigError(fmt::format(
        "HF_ENDPOINT: '{}' cannot be used; it takes an address that begins with https://, since "
        "anybody on the way could change what comes by other ways",
        result.endpoint));
  }
  result.is_mirror = result.endpoint != kPublicEndpoint;
  result.token = token_of(environment);
  result.is_offline = is_true(value_of(environment, "HF_HUB_OFFLINE"));
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (std::string cache = value_of(environment, name); !cache.empty()) {
      result.caches.push_back(cache);
    }
  }
  if (const std::string home = hf_home(environment); !home.empty()) {
    result.caches.push_back(home + "/hub");
  }
  return result;
}

std::vector<std::string> cached_paths(const std::vector<std::string>& caches,
                                      const std::string& repository, const std::string& revision,
                                      const std::string& file,
                                      const std::vector<std::string>& hashes) {
  std::string name = "models--" + repository;
  if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
    name.replace(slash, 1, "--");
  }
  std::vector<std::string> paths;
  for (const std::string& cache : caches) {
    const fs::path model = fs::path(cache) / name;
    paths.push_back((model / "snapshots" / revision / file).string());
    for (const std::string& hash : hashes) {
      if (!hash.empty()) paths.push_back((model / "blobs" / hash).string());
    }
  }
  return paths;
}

std::string torch_checkpoints(const Environment& environment) {
  if (const std::string home = value_of(environment, "TORCH_HOME"); !home.empty()) {
    return home + "/hub/checkpoints";
  }
  const std::string cache = cache_home(environment);
  return cache.empty() ? std::string() : cache + "/torch/hub/checkpoints";
}

}  // namespace virnucpro
