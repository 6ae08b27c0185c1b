#include "config/yaml_file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

#include "base/errors.h"
#include "base/format.h"
#include "base/path_kind.h"
#include "base/text_begin.h"

namespace virnucpro {
namespace {

// A settings file has a few hundred bytes; a sequence file given by mistake is not read whole.
constexpr std::size_t kLargestFile = std::size_t{1} << 20;

// yaml-cpp counts lines from 0, with -1 for "unknown".
int line_of(const YAML::Mark& mark) { return mark.line + 1; }

std::string_view kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a mapping";
    case YAML::NodeType::Scalar:
      return "a single value";
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      break;
  }
  return "nothing";
}

/// Skips a document and keeps nothing of it.
class Ignored final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// Does without YAML::LoadAll: yaml-cpp 0.7 finds documents without end in some damaged texts.
bool has_several_documents(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Ignored ignored;
  return parser.HandleNextDocument(ignored) && parser.HandleNextDocument(ignored);
}

YamlEntry entry_of(const YAML::Node& key, const YAML::Node& value, const std::string& path) {
  if (!key.IsScalar()) {
    throw ConfigError(fmt::format("{}: line {}: a key must be a plain name, and this one is {}",
                                  path, line_of(key.Mark()), kind_of(key)));
  }
  YamlEntry entry;
  entry.key = key.Scalar();
  entry.line = line_of(key.Mark());
  if (value.IsNull()) {
    throw ConfigError(fmt::format("{}: line {}: '{}' has no value; give one or remove the line",
                                  path, entry.line, entry.key));
  }
  if (!value.IsScalar()) {
    throw ConfigError(fmt::format("{}: line {}: '{}' needs a single value, and this is {}", path,
                                  entry.line, entry.key, kind_of(value)));
  }
  entry.value = value.Scalar();
  entry.quoted = value.Tag() == "!";
  return entry;
}

}  // namespace

std::vector<YamlEntry> parse_yaml(const std::string& raw, const std::string& path) {
  // YAML may be UTF-16, too, which the parser reads by itself; but it does not count lines that end
  // in a carriage return alone.
  const std::string text = look_at_text(raw).other_encoding == nullptr ? plain_text(raw) : raw;
  YAML::Node root;
  bool has_several = false;
  try {
    has_several = has_several_documents(text);
    root = YAML::Load(text);
  } catch (const YAML::Exception& error) {
    throw ConfigError(
        fmt::format("{}: line {}: not valid YAML: {}", path, line_of(error.mark), error.msg));
  }
  if (has_several) {
    throw ConfigError(fmt::format("{}: holds several YAML documents; keep one", path));
  }
  if (root.IsNull()) return {};
  if (!root.IsMap()) {
    throw ConfigError(
        fmt::format("{}: line {}: needs lines of the form 'key: value', and this is {}", path,
                    line_of(root.Mark()), kind_of(root)));
  }
  std::vector<YamlEntry> entries;
  std::map<std::string, int> first_lines;
  for (const auto& pair : root) {
    YamlEntry entry = entry_of(pair.first, pair.second, path);
    const auto [first, is_new] = first_lines.emplace(entry.key, entry.line);
    if (!is_new) {
      throw ConfigError(fmt::format("{}: line {}: '{}' is set twice, first in line {}", path,
                                    entry.line, entry.key, first->second));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<YamlEntry> read_yaml_file(const std::string& path) {
  const std::string problem = folder_for_file(path, "a settings file (--config)");
  if (!problem.empty()) throw ConfigError(problem);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) {
    text.resize(kLargestFile + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
  }
  // Reading also stops at the end of the file, and at an error.
  if (!file.eof() && text.size() <= kLargestFile) {
    throw ConfigError(fmt::format("{}: the settings file cannot be read: {}", path,
                                  std::generic_category().message(errno == 0 ? EIO : errno)));
  }
  if (text.size() > kLargestFile) {
    throw ConfigError(fmt::format("{}: larger than 1 MiB, so not a settings file", path));
  }
  return parse_yaml(text, path);
}

}  // namespace virnucpro
