// The published models by name: which files they consist of, and where these are at home.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace virnucpro {

/// One file of a source. Absent and empty: not publicly known.
struct RegistryFile {
  std::string name;
  std::optional<std::uint64_t> size;
  std::string sha256;
  std::string git_id;  ///< as git_blob_id()
};

enum class ModelHome : std::uint8_t { kHuggingFace, kGitHub, kUrl };

/// One place that has a whole part.
struct RegistrySource {
  ModelHome home = ModelHome::kUrl;
  std::string repository;  ///< "owner/name"; empty for kUrl
  std::string revision;    ///< a commit; empty for kUrl
  std::string url;         ///< of kUrl: begins with https://, ends with a slash
  std::vector<RegistryFile> files;

  /// The address of a file. `endpoint` stands for Hugging Face, without a slash at its end.
  std::string address(const RegistryFile& file, const std::string& endpoint) const;
  /// "zhihan1996/DNABERT-S at 00e47f96cdea", or the address.
  std::string described() const;
  /// The bytes of all files; absent when one of them is not known.
  std::optional<std::uint64_t> size() const;
};

enum class RegistryKind : std::uint8_t { kDnabertS, kEsm2, kClassifier };

struct RegistryPart {
  std::string name;
  RegistryKind kind = RegistryKind::kClassifier;
  std::int64_t expected_length = 0;  ///< of a classifier
  std::string license;
  /// Any one of them will do; the first is the first choice.
  std::vector<RegistrySource> sources;
};

struct RegistryModel {
  std::string name;
  std::string description;
  /// One DNABERT-S, one ESM-2, and a classifier for each of its lengths.
  std::vector<RegistryPart> parts;
};

struct ModelRegistry {
  std::vector<RegistryModel> models;

  /// Null when there is none of this name.
  const RegistryModel* find(const std::string& name) const;
  /// "virnucpro-500, virnucpro-300".
  std::string names() const;
};

/// Reads a registry; ModelError naming `origin` and key for one that cannot be used, such as an
/// address that is not https or a file name that leaves its folder.
ModelRegistry parse_registry(const std::string& text, const std::string& origin);

/// The one that is compiled into the program (models/registry.json). Thread-safe.
ModelRegistry embedded_registry();

}  // namespace virnucpro
