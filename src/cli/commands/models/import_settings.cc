#include "cli/commands/models/import_settings.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/number_text.h"

namespace virnucpro::cli {
namespace {

/// Lengths of the chunks that a classifier was trained for.
constexpr WholeRange kClassifierLengths = {.low = 1, .high = std::uint64_t{1} << 40};

/// The position of the next entry of "300=a.pth,500=b.pth" from `begin` on, or the end. A comma
/// that is not followed by a number and "=" belongs to the name of a file.
std::size_t next_entry(const std::string& list, std::size_t begin) {
  for (std::size_t comma = list.find(',', begin); comma != std::string::npos;
       comma = list.find(',', comma + 1)) {
    const std::size_t digits = list.find_first_not_of("0123456789", comma + 1);
    if (digits != std::string::npos && digits > comma + 1 && list[digits] == '=') return comma;
  }
  return list.size();
}

std::vector<BundleImport::Classifier> classifiers_of(const std::string& list) {
  std::vector<BundleImport::Classifier> classifiers;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = next_entry(list, begin);
    const std::string entry = list.substr(begin, end - begin);
    const std::size_t equals = entry.find('=');
    const std::optional<std::uint64_t> length =
        parse_whole(entry.substr(0, equals), kClassifierLengths);
    if (!length || equals == std::string::npos || equals + 1 == entry.size()) {
      refuse_value("--classifier", entry, find_option(Command::kImport, "classifier")->values());
    }
    classifiers.push_back({static_cast<std::int64_t>(*length), entry.substr(equals + 1)});
    begin = end + 1;
  }
  return classifiers;
}

std::string folder_name(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).lexically_normal();
  return (folder.has_filename() ? folder : folder.parent_path()).filename().string();
}

}  // namespace

ImportSettings import_settings(const GivenOptions& options) {
  ImportSettings settings;
  BundleImport& bundle = settings.bundle;
  options.store("dnabert", bundle.dnabert_folder);
  options.store("esm2", bundle.esm2_path);
  if (const std::string* list = options.find("classifier")) {
    bundle.classifiers = classifiers_of(*list);
  }
  options.store("output-dir", bundle.output_folder);
  bundle.name = folder_name(bundle.output_folder);
  options.store("name", bundle.name);
  options.store("bundle-version", bundle.version);
  options.store("description", bundle.description);
  options.store("license", bundle.license);
  options.store("training-data", bundle.training_data);
  options.store("force", bundle.force);
  options.store("no-check", settings.no_check);
  options.store("expected", settings.check.expected);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
