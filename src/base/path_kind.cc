#include "base/path_kind.h"

#include <filesystem>
#include <system_error>

#include "base/format.h"

namespace virnucpro {

namespace fs = std::filesystem;

std::string folder_for_file(const std::string& path, const std::string& expected) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {};
  return fmt::format("{}: is a folder; expected {}.", path, expected);
}

std::string no_folder(const std::string& path, const std::string& expected) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return {};
  if (fs::exists(status)) return fmt::format("{}: is a file; expected {}.", path, expected);
  if (!error || error == std::errc::no_such_file_or_directory) {
    return fmt::format("{}: there is no such folder; expected {}.", path, expected);
  }
  return fmt::format("{}: cannot be opened: {}; expected {}.", path, error.message(), expected);
}

}  // namespace virnucpro
