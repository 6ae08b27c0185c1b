#include "run/fact_differences.h"

#include <algorithm>

#include "base/format.h"

namespace virnucpro {

const std::string* find_fact(const std::vector<RunFact>& facts, std::string_view name) {
  const auto fact = std::find_if(facts.begin(), facts.end(),
                                 [&](const RunFact& each) { return each.name == name; });
  return fact == facts.end() ? nullptr : &fact->value;
}

std::string differences_of(const std::vector<RunFact>& first, std::string_view in_first,
                           const std::vector<RunFact>& second, std::string_view in_second) {
  std::vector<std::string> texts;
  for (const RunFact& fact : first) {
    const std::string* value = find_fact(second, fact.name);
    if (value == nullptr) {
      texts.push_back(
          fmt::format("{}: {} {}, nothing {}", fact.name, fact.value, in_first, in_second));
    } else if (*value != fact.value) {
      texts.push_back(
          fmt::format("{}: {} {}, {} {}", fact.name, fact.value, in_first, *value, in_second));
    }
  }
  for (const RunFact& fact : second) {
    if (find_fact(first, fact.name) == nullptr) {
      texts.push_back(
          fmt::format("{}: nothing {}, {} {}", fact.name, in_first, fact.value, in_second));
    }
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

}  // namespace virnucpro
