// JSON from outside with typed access: every error names the file and the key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

/// Parses one JSON object. ModelError naming `origin` when it is damaged or not an object.
nlohmann::json parse_json_object(std::string_view text, const std::string& origin);

/// An object inside a parsed document, which must outlive it. Accessors throw ModelError naming
/// origin and key when the key is missing or of another type. Thread-safe.
class JsonObject {
 public:
  JsonObject(const nlohmann::json& value, std::string origin, std::string path = {});

  const nlohmann::json& value() const { return *value_; }
  const std::string& origin() const { return origin_; }
  /// False also when the value is null: Hugging Face configs write null for "not set".
  bool has(const std::string& key) const;

  std::string string(const std::string& key) const;
  bool boolean(const std::string& key) const;
  double number(const std::string& key) const;
  /// A whole number within [low, high].
  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high) const;
  JsonObject object(const std::string& key) const;
  /// An array of objects.
  std::vector<JsonObject> objects(const std::string& key) const;
  /// An array of whole numbers that are not negative; may be empty.
  std::vector<std::int64_t> sizes(const std::string& key) const;

  /// ModelError: "<origin>: <path><key>: <text>".
  [[noreturn]] void fail(const std::string& key, const std::string& text) const;

 private:
  const nlohmann::json& at(const std::string& key, const char* expected) const;

  const nlohmann::json* value_;
  std::string origin_;
  std::string path_;
};

/// The text of a small file. ModelError naming it when it cannot be read or is too large.
std::string read_text_file(const std::string& path);

}  // namespace virnucpro
