#include "weights/bundle_folder.h"

#include <unistd.h>

#include <cstddef>
#include <iterator>
#include <system_error>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "base/output_file.h"
#include "base/partial_file.h"
#include "weights/bundle.h"
#include "weights/bundle_card.h"
#include "weights/display_name.h"
#include "weights/json_reader.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

/// Files that `train` puts beside the parts.
constexpr const char* kFilesBeside[] = {"training.tsv", "training.json"};
/// Enough to see what kind of files they are.
constexpr std::size_t kListed = 5;

[[noreturn]] void fail(const fs::path& path, const char* what, const std::error_code& error) {
  throw OutputError(fmt::format("{}: cannot {}: {}", path.string(), what, error.message()));
}

/// The names of the files of the bundle in `folder`. Throws ConfigError when it is not a bundle, or
/// has other files that are not to be kept.
std::set<std::string> files_of_bundle(const fs::path& folder, bool keeps_others) {
  std::set<std::string> there;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    there.insert(entry->path().filename().string());
  }
  if (error) {
    throw ConfigError(
        fmt::format("{}: the folder cannot be read: {}", folder.string(), error.message()));
  }
  if (there.empty()) return {};
  if (!there.contains(kBundleCard)) {
    throw ConfigError(fmt::format("{}: is not a bundle (no {}), so it is not replaced",
                                  folder.string(), kBundleCard));
  }
  std::set<std::string> known(std::begin(kFilesBeside), std::end(kFilesBeside));
  known.insert(kBundleCard);
  try {
    const std::string card = (folder / kBundleCard).string();
    const BundleInfo info = parse_bundle_card(read_text_file(card), card);
    for (const BundlePart* part : {&info.tokenizer, &info.dnabert_s, &info.esm2}) {
      known.insert(part->file);
    }
    for (const BundleClassifier& classifier : info.classifiers) known.insert(classifier.part.file);
  } catch (const ModelError& problem) {
    throw ConfigError(
        fmt::format("{}: is not replaced, since its card says nothing of what belongs "
                    "to it ({}); remove the folder yourself, or name another one",
                    folder.string(), problem.what()));
  }
  std::set<std::string> parts;
  std::vector<std::string> others;
  for (const std::string& name : there) {
    const bool is_part =
        known.contains(name) && fs::is_regular_file(fs::symlink_status(folder / name, error));
    if (is_part) {
      parts.insert(name);
    } else {
      others.push_back(display_name(name));
    }
  }
  if (others.empty() || keeps_others) return parts;
  const std::size_t more = others.size() > kListed ? others.size() - kListed : 0;
  others.resize(others.size() - more);
  throw ConfigError(fmt::format(
      "{}: is not replaced, since it holds what is no part of the bundle: {}{}. Move that "
      "elsewhere, or name another folder",
      folder.string(), fmt::join(others, ", "),
      more == 0 ? "" : fmt::format(" and {} more", more)));
}

}  // namespace

BundleTarget::BundleTarget(const std::string& folder, bool force, bool keeps_others) {
  if (folder.empty()) throw ConfigError("a bundle needs an output folder");
  path_ = fs::path(folder).lexically_normal();
  if (path_.filename().empty()) path_ = path_.parent_path();
  std::error_code error;
  if (!fs::exists(path_, error)) return;
  // The folder that a link points to is replaced, not the link.
  if (fs::is_symlink(path_, error)) path_ = fs::canonical(path_, error);
  if (!force) {
    throw ConfigError(
        fmt::format("{}: exists already; choose another folder or use --force", path_.string()));
  }
  if (!fs::is_directory(path_, error)) {
    throw ConfigError(fmt::format("{}: is no folder, so it is not replaced", path_.string()));
  }
  replaced_ = files_of_bundle(path_, keeps_others);
}

BundleFolder::BundleFolder(const BundleTarget& target)
    : target_(target.path()),
      replaced_(target.replaced()),
      path_(fmt::format("{}.tmp-{}", target_.string(), ::getpid())) {
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

/// Removes only the files that were there at the beginning; later ones are moved, or stay.
void BundleFolder::remove_replaced(const fs::path& old) const {
  std::error_code error;
  for (const std::string& name : replaced_) fs::remove(old / name, error);
  std::vector<fs::path> others;
  for (fs::directory_iterator entry(old, error), end; !error && entry != end;
       entry.increment(error)) {
    others.push_back(entry->path());
  }
  for (const fs::path& other : others) {
    const fs::path place = target_ / other.filename();
    if (!fs::exists(fs::symlink_status(place, error))) fs::rename(other, place, error);
  }
  fs::remove(old, error);  // only when it is empty
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
  if (replaces) remove_replaced(old);
  const fs::path parent = target_.parent_path();
  sync_folder(parent.empty() ? "." : parent.string());
}

}  // namespace virnucpro
