#include "devices/device_names.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>

#include "base/errors.h"
#include "base/format.h"
#include "base/number_text.h"

namespace virnucpro {
namespace {

DeviceError bad_name(std::string_view text, const std::string& what) {
  return DeviceError(
      fmt::format("device '{}': {}. Name devices like cpu, cuda, cuda:0,2 or cuda:0,cpu "
                  "('virnucpro devices' lists those that there are).",
                  text, what));
}

bool is_number(std::string_view part) {
  return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
}

std::size_t number_of(std::string_view text, std::string_view part) {
  const std::optional<std::uint64_t> number = parse_whole(part, {.high = kHighestDeviceNumber});
  if (!number) throw bad_name(text, fmt::format("'{}' is no number of a device", part));
  return static_cast<std::size_t>(*number);
}

DeviceName name_of_part(std::string_view text, std::string_view part, const DeviceName* before) {
  if (part.empty()) throw bad_name(text, "a name is missing");
  if (is_number(part)) {
    if (before == nullptr || !before->number) {
      throw bad_name(
          text, fmt::format("the number {} has no device before it, such as cuda:{}", part, part));
    }
    return {before->kind, number_of(text, part)};
  }
  const std::size_t colon = part.find(':');
  if (colon == std::string_view::npos) return {std::string(part)};
  if (colon == 0) throw bad_name(text, "a name is missing");
  return {std::string(part.substr(0, colon)), number_of(text, part.substr(colon + 1))};
}

void require_different(std::string_view text, std::span<const DeviceName> names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (names[i] == names[k]) {
        throw bad_name(text, fmt::format("{} is named twice", text_of(names[i])));
      }
      if (names[i].kind == names[k].kind &&
          names[i].number.has_value() != names[k].number.has_value()) {
        throw bad_name(text, fmt::format("{} stands for all of them, and some are named beside it",
                                         names[i].kind));
      }
    }
  }
}

}  // namespace

std::vector<DeviceName> parse_device_names(std::string_view text) {
  std::vector<DeviceName> names;
  std::string_view rest = text;
  for (;;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    names.push_back(
        name_of_part(text, rest.substr(0, comma), names.empty() ? nullptr : &names.back()));
    if (comma == rest.size()) break;
    rest.remove_prefix(comma + 1);
  }
  require_different(text, names);
  return names;
}

std::string text_of(const DeviceName& name) {
  return name.number ? fmt::format("{}:{}", name.kind, *name.number) : name.kind;
}

std::string text_of(std::span<const DeviceName> names) {
  std::string text;
  const DeviceName* before = nullptr;
  for (const DeviceName& name : names) {
    const bool goes_on =
        before != nullptr && name.number && before->number && before->kind == name.kind;
    text += fmt::format("{}{}", before == nullptr ? "" : ",",
                        goes_on ? std::to_string(*name.number) : text_of(name));
    before = &name;
  }
  return text;
}

std::string device_kinds(std::string_view text) {
  std::set<std::string> kinds;
  for (const DeviceName& name : parse_device_names(text)) kinds.insert(name.kind);
  return fmt::format("{}", fmt::join(kinds, ","));
}

}  // namespace virnucpro
