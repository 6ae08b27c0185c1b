#include "weights/bundle_places.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include "weights/bundle.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "/virnucpro";
/// What the XDG Base Directory Specification says for an unset XDG_DATA_DIRS.
constexpr const char* kSystemFolders = "/usr/local/share:/usr/share";

/// The entries of a list with colons that are not empty.
std::vector<std::string> entries_of(std::string_view list) {
  std::vector<std::string> entries;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(':', begin), list.size());
    if (end > begin) entries.emplace_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return entries;
}

bool is_bundle(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / kBundleCard, error);
}

}  // namespace

std::vector<std::string> bundle_places(const Environment& environment) {
  std::vector<std::string> places = entries_of(environment("VIRNUCPRO_MODELS").value_or(""));
  const std::string data = environment("XDG_DATA_HOME").value_or("");
  const std::string home = environment("HOME").value_or("");
  if (!data.empty()) {
    places.push_back(data + kFolder);
  } else if (!home.empty()) {
    places.push_back(home + "/.local/share" + kFolder);
  }
  std::string system = environment("XDG_DATA_DIRS").value_or("");
  if (system.empty()) system = kSystemFolders;
  for (const std::string& folder : entries_of(system)) places.push_back(folder + kFolder);
  return places;
}

std::optional<std::string> find_named_bundle(const Environment& environment,
                                             const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos || name.front() == '.') {
    return std::nullopt;
  }
  for (const std::string& place : bundle_places(environment)) {
    const fs::path folder = fs::path(place) / name;
    if (is_bundle(folder)) return folder.string();
  }
  return std::nullopt;
}

std::vector<NamedBundle> named_bundles(const Environment& environment) {
  std::vector<NamedBundle> found;
  std::set<std::string> names;
  for (const std::string& place : bundle_places(environment)) {
    std::vector<std::string> here;
    std::error_code error;
    for (fs::directory_iterator entry(place, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (name.front() != '.' && is_bundle(entry->path())) here.push_back(name);
    }
    std::ranges::sort(here);
    for (const std::string& name : here) {
      if (names.insert(name).second) found.push_back({name, place + "/" + name});
    }
  }
  return found;
}

}  // namespace virnucpro
