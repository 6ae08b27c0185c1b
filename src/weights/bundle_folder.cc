#include "weights/bundle_folder.h"

#include <unistd.h>

#include <system_error>

#include "base/errors.h"
#include "base/format.h"
#include "base/output_file.h"
#include "base/partial_file.h"
#include "weights/bundle.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const char* what, const std::error_code& error) {
  throw OutputError(fmt::format("{}: cannot {}: {}", path.string(), what, error.message()));
}

}  // namespace

BundleTarget::BundleTarget(const std::string& folder, bool force) {
  if (folder.empty()) throw ConfigError("a bundle needs an output folder");
  path_ = fs::path(folder).lexically_normal();
  if (path_.filename().empty()) path_ = path_.parent_path();
  std::error_code ignored;
  if (!fs::exists(path_, ignored)) return;
  if (!force) {
    throw ConfigError(
        fmt::format("{}: exists already; choose another folder or use --force", path_.string()));
  }
  if (!fs::exists(path_ / kBundleCard, ignored) && !fs::is_empty(path_, ignored)) {
    throw ConfigError(fmt::format("{}: is not a bundle (no {}), so it is not replaced",
                                  path_.string(), kBundleCard));
  }
}

BundleFolder::BundleFolder(const BundleTarget& target)
    : target_(target.path()), path_(fmt::format("{}.tmp-{}", target_.string(), ::getpid())) {
  std::error_code error;
  fs::remove_all(path_, error);
  fs::create_directories(path_, error);
  if (error) fail(path_, "create", error);
}

BundleFolder::~BundleFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

void BundleFolder::write(const std::string& name, std::string_view text) const {
  OutputFile out(file(name));
  out.write(text);
  out.commit();
}

void BundleFolder::publish() {
  std::error_code error;
  const fs::path old = fmt::format("{}.old-{}", target_.string(), ::getpid());
  const bool replaces = fs::exists(target_, error);
  if (replaces) {
    fs::rename(target_, old, error);
    if (error) fail(target_, "move aside", error);
  }
  fs::rename(path_, target_, error);
  if (error) {
    std::error_code ignored;
    if (replaces) fs::rename(old, target_, ignored);
    fail(target_, "create", error);
  }
  path_.clear();
  fs::remove_all(old, error);
  const fs::path parent = target_.parent_path();
  sync_folder(parent.empty() ? "." : parent.string());
}

}  // namespace virnucpro
