#include "jobs/classify.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/errors.h"
#include "base/format.h"
#include "base/partial_file.h"
#include "report/legacy_tables.h"
#include "report/prediction_tables.h"
#include "run/run_database.h"
#include "weights/bundle.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

std::string stem_of(const std::string& output) {
  constexpr std::string_view kSuffix = ".tsv";
  return output.ends_with(kSuffix) ? output.substr(0, output.size() - kSuffix.size()) : output;
}

std::string folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

std::string lower_name(const fs::path& path) {
  std::string name = path.filename().string();
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

/// The only entry that suits; ModelError for none and for several.
template <typename Suits>
std::string only_one(const std::string& folder, const char* what, const Suits& suits) {
  std::vector<std::string> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (suits(entry)) found.push_back(entry.path().string());
  }
  std::ranges::sort(found);
  if (found.size() == 1) return found.front();
  if (found.empty()) throw ModelError(fmt::format("{}: holds no {}.", folder, what));
  throw ModelError(fmt::format("{}: holds more than one {}: {} and {}. Leave one of them there.",
                               folder, what, found[0], found[1]));
}

void rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) fail_output(to, "write", errno);
}

}  // namespace

std::string highestscore_path(const std::string& output) {
  return stem_of(output) + "_highestscore.csv";
}

std::string classify_folder(const std::string& output) { return stem_of(output) + ".virnucpro"; }

ModelRequest published_models(const std::string& path, std::int64_t expected_length,
                              std::span<const std::string> embedded) {
  ModelRequest models;
  models.expected_length = expected_length;
  if (std::ranges::find(embedded, path) != embedded.end() ||
      is_there(fs::path(path) / kBundleCard)) {
    models.bundle = path;
    return models;
  }
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    throw ModelError(fmt::format(
        "{}: no folder of models. Name one with --virnucpro-path or VIRNUCPRO_PATH: the published "
        "layout (300_model.pth, 500_model.pth, an ESM-2 checkpoint esm2*.pt, a DNABERT-S folder), "
        "a bundle, or the name of an embedded bundle.",
        path));
  }
  models.classifier = fmt::format("{}/{}_model.pth", path, expected_length);
  if (!is_there(models.classifier)) {
    throw ModelError(
        fmt::format("{}: there is no classifier for {} bases here; copy the published "
                    "file, or choose the other --expected-length.",
                    models.classifier, expected_length));
  }
  models.esm2 = only_one(
      path, "ESM-2 checkpoint (esm2*.pt, or a folder esm2*)", [](const fs::directory_entry& entry) {
        const std::string name = lower_name(entry.path());
        std::error_code ignored;
        return name.starts_with("esm2") && name.find("contact-regression") == std::string::npos &&
               (name.ends_with(".pt") || entry.is_directory(ignored));
      });
  models.dnabert = only_one(
      path, "DNABERT-S folder (dnabert*, with config.json)", [](const fs::directory_entry& entry) {
        return lower_name(entry.path()).find("dnabert") != std::string::npos &&
               is_there(entry.path() / "config.json");
      });
  return models;
}

void write_empty_tables(const std::string& output) {
  LegacyTables tables(output, highestscore_path(output), {}, folder_of(output),
                      SortedLines::kDefaultMemory);
  OutputGroup group;
  tables.end(group);
  group.sync();
  group.publish();
}

void publish_classified(const std::string& output) {
  const std::string folder = classify_folder(output);
  // They are whole and on the disk. The one that callers wait for comes last.
  rename_file(folder + "/" + kLegacyChunksFile, highestscore_path(output));
  rename_file(folder + "/" + kLegacyFramesFile, output);
  sync_folder(folder_of(output));
  std::error_code ignored;
  for (const char* name : kPredictionFiles) fs::remove(fs::path(folder) / name, ignored);
  // SQLite's files go with the database.
  for (const char* more : {"", "-wal", "-shm", "-journal"}) {
    fs::remove(fs::path(folder) / (std::string(kDatabaseFile) + more), ignored);
  }
  remove_empty_folders({folder});
}

}  // namespace virnucpro
