#include "bundles/model_sources.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/format.h"
#include "base/git_blob.h"
#include "base/sha256.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

std::string last_word(const std::string& repository) {
  return repository.substr(repository.rfind('/') + 1);
}

}  // namespace

std::optional<LocatedFile> checked_file(const std::string& path, const RegistryFile& file,
                                        std::string& problem, const std::stop_token& stop) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  LocatedFile found;
  found.path = path;
  found.size = fs::file_size(path, error);
  if (file.size && *file.size != found.size) {
    problem = fmt::format("{}: expected {} bytes, found {}.", path, *file.size, found.size);
    return std::nullopt;
  }
  found.sha256 = sha256_file(path, stop);
  if (!file.sha256.empty() && file.sha256 != found.sha256) {
    problem = fmt::format("{}: expected SHA-256 {}, found {}.", path, file.sha256, found.sha256);
    return std::nullopt;
  }
  if (!file.git_id.empty()) {
    const std::string id = git_blob_id(path, stop);
    if (id != file.git_id) {
      problem = fmt::format("{}: expected the git hash {}, found {}.", path, file.git_id, id);
      return std::nullopt;
    }
  }
  return found;
}

ModelSources::ModelSources(const Environment& environment, HuggingFace hub, std::string from,
                           Log log, std::stop_token stop)
    : hub_(std::move(hub)),
      from_(std::move(from)),
      checkpoints_(torch_checkpoints(environment)),
      log_(std::move(log)),
      stop_(std::move(stop)) {}

std::vector<std::string> ModelSources::paths(const RegistryPart& part, const RegistrySource& source,
                                             const RegistryFile& file) const {
  std::vector<std::string> found;
  std::vector<std::string> caches = hub_.caches;
  if (!from_.empty()) {
    const fs::path folder = from_;
    // Those that can only mean this part come first: several parts have a config.json.
    found.push_back((folder / part.name / file.name).string());
    if (!source.repository.empty()) {
      found.push_back((folder / source.repository / file.name).string());
      found.push_back((folder / last_word(source.repository) / file.name).string());
    }
    found.push_back((folder / file.name).string());
    caches.insert(caches.begin(), {from_, (folder / "hub").string()});
  }
  if (source.home == ModelHome::kHuggingFace) {
    for (std::string& path : cached_paths(caches, source.repository, source.revision, file.name,
                                          {file.sha256, file.git_id})) {
      found.push_back(std::move(path));
    }
  }
  if (!checkpoints_.empty() && file.name.ends_with(".pt")) {
    found.push_back(checkpoints_ + "/" + file.name);
  }
  return found;
}

std::optional<LocatedFile> ModelSources::find(const RegistryPart& part,
                                              const RegistrySource& source,
                                              const RegistryFile& file) {
  for (const std::string& path : paths(part, source, file)) {
    std::string problem;
    if (std::optional<LocatedFile> found = checked_file(path, file, problem, stop_)) return found;
    if (problem.empty()) continue;
    log_.debug("{}", problem);
    problems_.push_back(std::move(problem));
  }
  return std::nullopt;
}

std::vector<std::string> ModelSources::take_problems() { return std::exchange(problems_, {}); }

}  // namespace virnucpro
