#include "config/nearest_name.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

#include "base/edit_distance.h"

namespace virnucpro {
namespace {

// Names are short; a longer text is another kind of mistake and not worth a quadratic search.
constexpr std::size_t kLongestName = 64;

std::string folded(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

}  // namespace

std::string nearest_name(std::string_view name, std::span<const std::string> candidates) {
  if (name.size() > kLongestName) return {};
  const std::string wanted = folded(name);
  const std::string* best = nullptr;
  std::size_t fewest = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(wanted, folded(candidate));
    if (best == nullptr || distance < fewest) {
      best = &candidate;
      fewest = distance;
    }
  }
  if (best == nullptr || fewest * 3 > best->size()) return {};
  return *best;
}

}  // namespace virnucpro
