#include "weights/json_reader.h"

#include <cmath>
#include <utility>

#include "base/as_text.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/mapped_file.h"
#include "weights/display_name.h"

namespace virnucpro {

using nlohmann::json;

json parse_json_object(std::string_view text, const std::string& origin) {
  json value;
  try {
    value = json::parse(text);
  } catch (const json::exception& error) {
    throw ModelError(fmt::format("{}: not valid JSON: {}", origin,
                                 display_name(std::string_view(error.what()))));
  }
  if (!value.is_object()) {
    throw ModelError(fmt::format("{}: expected a JSON object, found a value of type {}", origin,
                                 value.type_name()));
  }
  return value;
}

JsonObject::JsonObject(const json& value, std::string origin, std::string path)
    : value_(&value), origin_(std::move(origin)), path_(std::move(path)) {}

bool JsonObject::has(const std::string& key) const {
  const auto place = value_->find(key);
  return place != value_->end() && !place->is_null();
}

const json& JsonObject::at(const std::string& key, const char* expected) const {
  const auto place = value_->find(key);
  if (place == value_->end()) fail(key, fmt::format("missing, expected {}", expected));
  return *place;
}

std::string JsonObject::string(const std::string& key) const {
  const json& value = at(key, "a string");
  if (!value.is_string()) fail(key, fmt::format("expected a string, found {}", value.type_name()));
  return value.get<std::string>();
}

bool JsonObject::boolean(const std::string& key) const {
  const json& value = at(key, "true or false");
  if (!value.is_boolean()) {
    fail(key, fmt::format("expected true or false, found {}", value.type_name()));
  }
  return value.get<bool>();
}

double JsonObject::number(const std::string& key) const {
  const json& value = at(key, "a number");
  if (!value.is_number()) fail(key, fmt::format("expected a number, found {}", value.type_name()));
  const auto number = value.get<double>();
  if (!std::isfinite(number)) fail(key, "is not finite");
  return number;
}

std::int64_t JsonObject::integer(const std::string& key, std::int64_t low,
                                 std::int64_t high) const {
  const json& value = at(key, "a whole number");
  if (!value.is_number_integer()) {
    fail(key, fmt::format("expected a whole number, found {}", value.type_name()));
  }
  const bool too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX;
  if (too_large || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) {
    fail(key, fmt::format("is {}, expected {} to {}", value.dump(), low, high));
  }
  return value.get<std::int64_t>();
}

JsonObject JsonObject::object(const std::string& key) const {
  const json& value = at(key, "an object");
  if (!value.is_object()) fail(key, fmt::format("expected an object, found {}", value.type_name()));
  return {value, origin_, path_ + key + "."};
}

std::vector<JsonObject> JsonObject::objects(const std::string& key) const {
  const json& value = at(key, "a list of objects");
  if (!value.is_array()) {
    fail(key, fmt::format("expected a list of objects, found {}", value.type_name()));
  }
  std::vector<JsonObject> result;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string place = fmt::format("{}[{}]", key, i);
    if (!value[i].is_object()) {
      fail(place, fmt::format("expected an object, found {}", value[i].type_name()));
    }
    result.emplace_back(value[i], origin_, path_ + place + ".");
  }
  return result;
}

std::vector<std::int64_t> JsonObject::sizes(const std::string& key) const {
  const json& value = at(key, "a list of whole numbers");
  if (!value.is_array()) {
    fail(key, fmt::format("expected a list of whole numbers, found {}", value.type_name()));
  }
  std::vector<std::int64_t> result;
  result.reserve(value.size());
  for (const json& element : value) {
    // The parser gives every whole number that is not negative as unsigned.
    if (!element.is_number_unsigned() || element.get<std::uint64_t>() > INT64_MAX) {
      fail(key, "expected whole numbers that are not negative");
    }
    result.push_back(element.get<std::int64_t>());
  }
  return result;
}

void JsonObject::fail(const std::string& key, const std::string& text) const {
  throw ModelError(fmt::format("{}: {}: {}", origin_, display_name(path_ + key), text));
}

std::string read_text_file(const std::string& path) {
  constexpr std::size_t kLargestBytes =
      100'000'000;  // the largest published tokenizer.json is 17 MB
  const auto file = MappedFile::open(path);
  if (file->bytes().size() > kLargestBytes) {
    throw ModelError(fmt::format("{}: {} bytes are too many for a JSON file (limit {})", path,
                                 file->bytes().size(), kLargestBytes));
  }
  return std::string(as_text(file->bytes()));
}

}  // namespace virnucpro
