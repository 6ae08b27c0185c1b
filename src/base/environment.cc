#include "base/environment.h"

#include <algorithm>
#include <cctype>

namespace virnucpro {

bool is_true(const std::string& value) {
  const char* spaces = " \t\r\n\v\f";
  const std::size_t first = value.find_first_not_of(spaces);
  if (first == std::string::npos) return false;
  std::string word = value.substr(first, value.find_last_not_of(spaces) - first + 1);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word == "1" || word == "true" || word == "yes";
}

}  // namespace virnucpro
