// Writes a bundle with another card: its parts, byte by byte.
#include <vector>

#include "weights/bundle.h"
#include "weights/bundle_card.h"
#include "weights/bundle_folder.h"

namespace virnucpro {

void Bundle::save(const BundleInfo& info, const std::string& folder, bool force,
                  const std::stop_token& stop) const {
  BundleFolder target(BundleTarget(folder, force, /*keeps_others=*/true));
  std::vector<BundlePart> parts = {info.tokenizer, info.dnabert_s, info.esm2};
  for (const BundleClassifier& classifier : info.classifiers) parts.push_back(classifier.part);
  for (const BundlePart& each : parts) copy_part(each, target.file(each.file), stop);
  target.write(kBundleCard, format_bundle_card(info));
  target.publish();
}

}  // namespace virnucpro
