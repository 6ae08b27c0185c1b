// Files of published models that are on this machine already.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/log.h"
#include "download/hugging_face.h"
#include "weights/model_registry.h"

namespace virnucpro {

/// A file of a source, with its content compared with what the registry says of it.
struct LocatedFile {
  std::string path;
  std::uint64_t size = 0;
  std::string sha256;
};

/// Looks for files in the folder of a user (its subfolders named for part or repository, and a
/// Hugging Face cache there, included), in the user's Hugging Face cache, and where torch.hub keeps
/// checkpoints. Thread-confined.
class ModelSources {
 public:
  /// `from` may be empty. `log` gets what is there but is another file.
  ModelSources(const Environment& environment, HuggingFace hub, std::string from, Log log,
               std::stop_token stop);

  /// The first file whose size and hashes are those of the registry; where it knows none, the first
  /// of this name. Absent when there is none. Throws Interrupted.
  std::optional<LocatedFile> find(const RegistryPart& part, const RegistrySource& source,
                                  const RegistryFile& file);
  /// What was found under the right name since the last call, but is another file; a sentence each.
  std::vector<std::string> take_problems();

 private:
  std::vector<std::string> paths(const RegistryPart& part, const RegistrySource& source,
                                 const RegistryFile& file) const;

  HuggingFace hub_;
  std::string from_;
  std::string checkpoints_;
  Log log_;
  std::stop_token stop_;
  std::vector<std::string> problems_;
};

/// The file at `path` if it is the one of the registry; absent when there is none. `problem` then
/// says what is wrong with the one that is there. Throws ModelError for one that cannot be read,
/// Interrupted.
std::optional<LocatedFile> checked_file(const std::string& path, const RegistryFile& file,
                                        std::string& problem, const std::stop_token& stop);

}  // namespace virnucpro
