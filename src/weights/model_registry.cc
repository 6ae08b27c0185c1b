#include "weights/model_registry.h"

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "base/as_text.h"
#include "base/format.h"
#include "base/git_blob.h"
#include "base/sha256.h"
#include "weights/display_name.h"
#include "weights/json_reader.h"
#include "weights/model_files.h"
#include "weights/model_limits.h"

namespace virnucpro {

/// Generated from models/registry.json (models/CMakeLists.txt).
std::map<std::string, std::span<const std::byte>> embedded_registry_files();

namespace {

constexpr const char* kFormat = "virnucpro-registry";
constexpr std::int64_t kVersion = 1;
/// More bytes than any model has.
constexpr std::int64_t kLargestFile = std::int64_t{1} << 50;
/// Enough digits of a commit to find it by.
constexpr std::size_t kShownDigits = 12;

/// Letters that mean nothing in an address or a path.
bool is_plain(std::string_view text, std::string_view more) {
  if (text.empty() || text.find("..") != std::string_view::npos) return false;
  for (const char c : text) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!is_letter && more.find(c) == std::string_view::npos) return false;
  }
  return true;
}

/// The text of an optional key; empty when it is missing or null.
std::string text_or_nothing(const JsonObject& json, const std::string& key) {
  return json.has(key) ? json.string(key) : std::string();
}

RegistryFile parse_file(const JsonObject& json) {
  RegistryFile file;
  file.name = json.string("file");
  if (!is_plain(file.name, "") || !is_plain_file_name(file.name) || file.name.front() == '.') {
    json.fail("file", fmt::format("{} is not the plain name of a file", display_name(file.name)));
  }
  if (json.has("size")) {
    file.size = static_cast<std::uint64_t>(json.integer("size", 1, kLargestFile));
  }
  file.sha256 = text_or_nothing(json, "sha256");
  if (!file.sha256.empty() && !is_sha256(file.sha256)) {
    json.fail("sha256", "takes 64 hexadecimal digits in lower case, or null");
  }
  file.git_id = text_or_nothing(json, "git_id");
  if (!file.git_id.empty() && !is_git_id(file.git_id)) {
    json.fail("git_id", "takes 40 hexadecimal digits in lower case, or null");
  }
  return file;
}

RegistrySource parse_source(const JsonObject& json) {
  RegistrySource source;
  const std::string home = json.string("home");
  if (home == "url") {
    source.url = json.string("url");
    if (!source.url.starts_with("https://") || !source.url.ends_with('/')) {
      json.fail("url", "takes an address that begins with https:// and ends with a slash");
    }
  } else if (home == "huggingface" || home == "github") {
    source.home = home == "github" ? ModelHome::kGitHub : ModelHome::kHuggingFace;
    source.repository = json.string("repository");
    source.revision = json.string("revision");
    if (!is_plain(source.repository, "/") || source.repository.find('/') == std::string::npos) {
      json.fail("repository", "takes OWNER/NAME");
    }
    if (!is_plain(source.revision, "")) json.fail("revision", "takes the name of a commit");
  } else {
    json.fail("home",
              fmt::format("is {}; it takes huggingface, github or url", display_name(home)));
  }
  std::set<std::string> names;
  for (const JsonObject& file : json.objects("files")) {
    source.files.push_back(parse_file(file));
    if (!names.insert(source.files.back().name).second) {
      json.fail("files", fmt::format("has {} twice", display_name(source.files.back().name)));
    }
  }
  if (source.files.empty()) json.fail("files", "is empty");
  return source;
}

RegistryPart parse_part(const std::string& name, const JsonObject& json) {
  RegistryPart part;
  part.name = name;
  const std::string kind = json.string("kind");
  if (kind == "dnabert_s") {
    part.kind = RegistryKind::kDnabertS;
  } else if (kind == "esm2") {
    part.kind = RegistryKind::kEsm2;
  } else if (kind == "classifier") {
    part.expected_length = json.integer("expected_length", 1, kLongestChunk);
  } else {
    json.fail("kind",
              fmt::format("is {}; it takes dnabert_s, esm2 or classifier", display_name(kind)));
  }
  part.license = json.string("license");
  for (const JsonObject& source : json.objects("sources")) {
    part.sources.push_back(parse_source(source));
    if (part.kind == RegistryKind::kClassifier && part.sources.back().files.size() != 1) {
      json.fail("sources", "of a classifier have one file each");
    }
  }
  if (part.sources.empty()) json.fail("sources", "is empty");
  return part;
}

void check_parts(const RegistryModel& model, const JsonObject& json) {
  std::size_t dnabert = 0;
  std::size_t esm2 = 0;
  std::set<std::int64_t> lengths;
  for (const RegistryPart& part : model.parts) {
    dnabert += part.kind == RegistryKind::kDnabertS ? 1 : 0;
    esm2 += part.kind == RegistryKind::kEsm2 ? 1 : 0;
    if (part.kind == RegistryKind::kClassifier && !lengths.insert(part.expected_length).second) {
      json.fail("parts", "has two classifiers for one length");
    }
  }
  if (dnabert != 1 || esm2 != 1 || lengths.empty()) {
    json.fail("parts", "takes one DNABERT-S, one ESM-2 and at least one classifier");
  }
}

}  // namespace

std::string RegistrySource::address(const RegistryFile& file, const std::string& endpoint) const {
  switch (home) {
    case ModelHome::kHuggingFace:
      return fmt::format("{}/{}/resolve/{}/{}", endpoint, repository, revision, file.name);
    case ModelHome::kGitHub:
      return fmt::format("https://raw.githubusercontent.com/{}/{}/{}", repository, revision,
                         file.name);
    case ModelHome::kUrl:
      break;
  }
  return url + file.name;
}

std::string RegistrySource::described() const {
  if (home == ModelHome::kUrl) return url;
  return fmt::format("{}{} at {}", home == ModelHome::kGitHub ? "github.com/" : "", repository,
                     revision.substr(0, kShownDigits));
}

std::optional<std::uint64_t> RegistrySource::size() const {
  std::uint64_t bytes = 0;
  for (const RegistryFile& file : files) {
    if (!file.size) return std::nullopt;
    bytes += *file.size;
  }
  return bytes;
}

const RegistryModel* ModelRegistry::find(const std::string& name) const {
  for (const RegistryModel& model : models) {
    if (model.name == name) return &model;
  }
  return nullptr;
}

std::string ModelRegistry::names() const {
  std::string list;
  for (const RegistryModel& model : models) {
    list += (list.empty() ? "" : ", ") + model.name;
  }
  return list;
}

ModelRegistry parse_registry(const std::string& text, const std::string& origin) {
  const nlohmann::json document = parse_json_object(text, origin);
  const JsonObject json(document, origin);
  if (json.string("format") != kFormat) json.fail("format", fmt::format("is not {}", kFormat));
  json.integer("format_version", kVersion, kVersion);
  std::map<std::string, RegistryPart> parts;
  const JsonObject all = json.object("parts");
  for (const auto& [name, value] : all.value().items()) {
    if (!is_plain(name, "")) all.fail(name, "is not a plain name");
    parts.emplace(name, parse_part(name, all.object(name)));
  }
  ModelRegistry registry;
  for (const JsonObject& entry : json.objects("models")) {
    RegistryModel model;
    model.name = entry.string("name");
    if (!is_plain(model.name, "") || registry.find(model.name) != nullptr) {
      entry.fail("name", fmt::format("{} is not a plain name, or there are two of it",
                                     display_name(model.name)));
    }
    model.description = entry.string("description");
    const auto names = entry.value().find("parts");
    if (names == entry.value().end() || !names->is_array()) {
      entry.fail("parts", "is not a list of names");
    }
    for (const nlohmann::json& name : *names) {
      const auto part = name.is_string() ? parts.find(name.get<std::string>()) : parts.end();
      if (part == parts.end()) entry.fail("parts", "has a name that is not among the parts");
      model.parts.push_back(part->second);
    }
    check_parts(model, entry);
    registry.models.push_back(std::move(model));
  }
  if (registry.models.empty()) json.fail("models", "is empty");
  return registry;
}

ModelRegistry embedded_registry() {
  return parse_registry(std::string(as_text(embedded_registry_files().at("registry.json"))),
                        "the registry of models");
}

}  // namespace virnucpro
