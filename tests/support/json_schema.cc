#include "support/json_schema.h"

#include <algorithm>
#include <regex>
#include <set>

namespace virnucpro::test {
namespace {

using Json = nlohmann::json;

const std::set<std::string> kWithoutMeaning = {"$schema", "$id", "$defs", "title", "description"};

bool is_of_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "integer") return value.is_number_integer();
  return type == "number" && value.is_number();
}

class Checker {
 public:
  explicit Checker(const Json& root) : root_(root) {}

  void check(const Json& schema, const Json& value, const std::string& place) {
    for (const auto& [keyword, argument] : schema.items()) {
      if (kWithoutMeaning.contains(keyword)) continue;
      if (keyword == "$ref") {
        check(root_.at(Json::json_pointer(argument.get<std::string>().substr(1))), value, place);
      } else if (keyword == "properties") {
        check_properties(argument, value, place);
      } else if (keyword == "additionalProperties") {
        check_others(schema, argument, value, place);
      } else if (keyword == "items") {
        for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
          check(argument, value[i], place + "/" + std::to_string(i));
        }
      } else if (!fits(keyword, argument, value)) {
        findings_.push_back(place + ": " + value.dump() + " does not fit " + keyword + " " +
                            argument.dump());
      }
    }
  }

  const std::vector<std::string>& findings() const { return findings_; }

 private:
  static bool fits(const std::string& keyword, const Json& argument, const Json& value) {
    if (keyword == "type") {
      if (argument.is_string()) return is_of_type(value, argument);
      for (const Json& type : argument) {
        if (is_of_type(value, type)) return true;
      }
      return false;
    }
    if (keyword == "const") return value == argument;
    if (keyword == "enum")
      return std::find(argument.begin(), argument.end(), value) != argument.end();
    if (keyword == "pattern") {
      return !value.is_string() ||
             std::regex_search(value.get<std::string>(), std::regex(argument.get<std::string>()));
    }
    if (keyword == "minimum") return !value.is_number() || value >= argument;
    if (keyword == "maximum") return !value.is_number() || value <= argument;
    if (keyword == "minItems")
      return !value.is_array() || value.size() >= argument.get<std::size_t>();
    if (keyword == "required") {
      for (const Json& name : argument) {
        if (value.is_object() && !value.contains(name.get<std::string>())) return false;
      }
      return true;
    }
    return false;  // a keyword that this checker does not know
  }

  void check_properties(const Json& schemas, const Json& value, const std::string& place) {
    for (const auto& [name, schema] : schemas.items()) {
      if (value.is_object() && value.contains(name)) check(schema, value[name], place + "/" + name);
    }
  }

  void check_others(const Json& schema, const Json& argument, const Json& value,
                    const std::string& place) {
    if (!value.is_object()) return;
    const Json named = schema.value("properties", Json::object());
    for (const auto& [name, member] : value.items()) {
      if (named.contains(name)) continue;
      if (argument.is_object()) {
        check(argument, member, place + "/" + name);
      } else if (!argument.get<bool>()) {
        findings_.push_back(place + ": has '" + name + "', which the schema does not name");
      }
    }
  }

  const Json& root_;
  std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> schema_findings(const Json& schema, const Json& value) {
  Checker checker(schema);
  checker.check(schema, value, "");
  return checker.findings();
}

}  // namespace virnucpro::test
