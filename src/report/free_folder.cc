#include "report/free_folder.h"

#include <filesystem>
#include <system_error>

#include "base/errors.h"
#include "base/format.h"
#include "base/partial_file.h"

namespace virnucpro {

namespace fs = std::filesystem;

void require_no_file(const std::string& folder, const char* what) {
  std::error_code error;
  if (!fs::exists(folder, error) || fs::is_directory(folder, error)) return;
  throw ConfigError(fmt::format(
      "{}: expected a folder for the {}, found a file. Name another one with -o.", folder, what));
}

const char* held_file(const std::string& folder, std::span<const char* const> names) {
  std::error_code error;
  for (const char* name : names) {
    if (fs::exists(folder + "/" + name, error)) return name;
  }
  return nullptr;
}

void require_free_folder(const std::string& folder, const char* what,
                         std::span<const char* const> names, bool force) {
  require_no_file(folder, what);
  const char* held = force ? nullptr : held_file(folder, names);
  if (held == nullptr) return;
  throw ConfigError(fmt::format(
      "{}: holds an earlier {} ({}). Name another folder with -o, or pass --force to replace it.",
      folder, what, held));
}

const std::string& made_folder(const std::string& folder) {
  make_result_folder(folder);
  return folder;
}

}  // namespace virnucpro
