#include "config/given_options.h"

#include <limits>

namespace virnucpro {
namespace {

double number(std::string_view name, const std::string& text) {
  // The table has checked the range, so this one is the widest: all numbers from 0 on.
  const std::optional<double> value =
      parse_number(text, {.high = std::numeric_limits<double>::max()});
  check(value.has_value(), "'{}' of --{} was taken for a number", text, name);
  return *value;
}

}  // namespace

const std::string* GivenOptions::find(std::string_view name) const {
  check(takes(name), "--{} is no option of '{}'", name, name_of(command_));
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

void GivenOptions::store(std::string_view name, bool& target) const {
  const std::string* text = find(name);
  if (text == nullptr) return;
  const std::optional<bool> value = parse_switch(*text);
  check(value.has_value(), "'{}' of --{} was taken for a switch", *text, name);
  target = *value;
}

void GivenOptions::store(std::string_view name, std::string& target) const {
  if (const std::string* text = find(name)) target = *text;
}

void GivenOptions::store(std::string_view name, double& target) const {
  if (const std::string* text = find(name)) target = number(name, *text);
}

void GivenOptions::store(std::string_view name, std::optional<double>& target) const {
  if (const std::string* text = find(name)) target = number(name, *text);
}

std::uint64_t GivenOptions::whole(std::string_view name, const std::string& text) {
  const std::optional<std::uint64_t> value = parse_whole(text);
  check(value.has_value(), "'{}' of --{} was taken for a whole number", text, name);
  return *value;
}

}  // namespace virnucpro
