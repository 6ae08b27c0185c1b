#include "bundles/export_bundle.h"

#include <filesystem>
#include <system_error>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "bundles/tar_file.h"
#include "weights/bundle_card.h"

namespace virnucpro {

void export_bundle(const Bundle& bundle, const std::string& name, const std::string& path,
                   bool force, const std::stop_token& stop) {
  std::error_code error;
  if (!force && std::filesystem::exists(path, error)) {
    throw ConfigError(fmt::format("{}: exists already; choose another file or use --force", path));
  }
  const BundleInfo& info = bundle.info();
  TarFile tar(path);
  tar.add(name + "/" + kBundleCard, format_bundle_card(info));
  std::vector<BundlePart> parts = {info.tokenizer, info.dnabert_s, info.esm2};
  for (const BundleClassifier& classifier : info.classifiers) parts.push_back(classifier.part);
  for (const BundlePart& part : parts) {
    tar.begin(name + "/" + part.file, bundle.part_size(part));
    bundle.read_part(
        part, [&](std::span<const std::byte> piece) { tar.write(piece); }, stop);
  }
  tar.commit();
}

}  // namespace virnucpro
