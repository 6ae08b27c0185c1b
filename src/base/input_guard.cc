#include "base/input_guard.h"

#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "base/partial_file.h"
#include "base/read_input.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

/// True for files on a disk: nothing else can be written over.
bool is_kept(const struct stat& status) {
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

/// The path with links resolved as far as it exists, and without a slash at its end.
fs::path canonical_of(const std::string& path) {
  std::error_code error;
  fs::path canonical = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) canonical = fs::path(path).lexically_normal();
  return canonical.has_filename() ? canonical : canonical.parent_path();
}

std::string text_of(const std::string& what, const std::string& path) {
  return path == kStandardInput ? fmt::format("{} (standard input)", what)
                                : fmt::format("{} '{}'", what, path);
}

}  // namespace

void InputGuard::add_one(const std::string& what, const std::string& path) {
  Input input{what, path, {}};
  struct stat status = {};
  const bool is_stream = path == kStandardInput;
  if (!is_stream) input.canonical = canonical_of(path);
  const int result = is_stream ? ::fstat(STDIN_FILENO, &status) : ::stat(path.c_str(), &status);
  if (result == 0) {
    if (!is_kept(status)) return;
    input.is_there = true;
    input.device = status.st_dev;
    input.inode = status.st_ino;
  } else if (is_stream) {
    return;
  }
  inputs_.push_back(std::move(input));
}

void InputGuard::add(const std::string& what, const std::string& path) {
  if (path.empty()) return;
  add_one(what, path);
  std::error_code error;
  if (path == kStandardInput || !fs::is_directory(path, error)) return;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) add_one(what, entry->path().string());
  }
}

const InputGuard::Input* InputGuard::find(const std::string& path) const {
  const fs::path canonical = canonical_of(path);
  struct stat status = {};
  const bool is_there = ::stat(path.c_str(), &status) == 0 && is_kept(status);
  for (const Input& input : inputs_) {
    if (!input.canonical.empty() && input.canonical == canonical) return &input;
    if (is_there && input.is_there && input.device == status.st_dev &&
        input.inode == status.st_ino) {
      return &input;
    }
  }
  return nullptr;
}

const InputGuard::Input* InputGuard::find_inside(const std::string& folder) const {
  const fs::path outer = canonical_of(folder);
  struct stat status = {};
  const bool is_there = ::stat(folder.c_str(), &status) == 0;
  for (const Input& input : inputs_) {
    for (fs::path at = input.canonical; !at.empty(); at = at.parent_path()) {
      struct stat parent = {};
      if (at == outer || (is_there && ::stat(at.c_str(), &parent) == 0 &&
                          parent.st_dev == status.st_dev && parent.st_ino == status.st_ino)) {
        return &input;
      }
      if (at == at.parent_path()) break;
    }
  }
  return nullptr;
}

void InputGuard::require_apart(const std::string& file, const std::string& flag) const {
  if (const Input* input = find(file)) {
    throw ConfigError(fmt::format(
        "{}: writing it would destroy {}, which is the same {}. Name another place "
        "with {}.",
        file, text_of(input->what, input->path), fs::is_directory(file) ? "folder" : "file", flag));
  }
  const std::string partial = partial_path_of(file);
  if (const Input* input = find(partial)) {
    throw ConfigError(fmt::format(
        "{}: is written as '{}' first, which would destroy {}. Name another place with {}.", file,
        partial, text_of(input->what, input->path), flag));
  }
}

void InputGuard::require_apart(const std::string& folder,
                               std::span<const char* const> names) const {
  if (const Input* input = find(folder)) {
    throw ConfigError(fmt::format(
        "{}: is {}, which this command reads, so nothing is written there. Name another folder "
        "with -o.",
        folder, text_of(input->what, input->path)));
  }
  for (const char* name : names) require_apart((fs::path(folder) / name).string());
}

void InputGuard::require_outside(const std::string& folder) const {
  const Input* input = find(folder);
  if (input == nullptr) input = find_inside(folder);
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; input == nullptr && !error && entry != end;
       entry.increment(error)) {
    input = find(entry->path().string());
  }
  if (input == nullptr) return;
  throw ConfigError(
      fmt::format("{}: replacing this folder would destroy {}, which this command reads. Name "
                  "another folder with -o.",
                  folder, text_of(input->what, input->path)));
}

void InputGuard::require_streams_apart() const {
  for (const auto& [descriptor, name] :
       {std::pair{STDOUT_FILENO, "standard output"}, std::pair{STDERR_FILENO, "standard error"}}) {
    struct stat status = {};
    if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) continue;
    for (const Input& input : inputs_) {
      if (!input.is_there || input.device != status.st_dev || input.inode != status.st_ino) {
        continue;
      }
      throw ConfigError(fmt::format("{} goes to {}, which this command reads. Send it elsewhere.",
                                    name, text_of(input.what, input.path)));
    }
  }
}

}  // namespace virnucpro
