#include "cli/commands/models/bundle_lengths.h"

#include <cstdint>
#include <vector>

#include "base/format.h"

namespace virnucpro::cli {

std::string lengths_of(const BundleInfo& info) {
  std::vector<std::int64_t> lengths;
  for (const BundleClassifier& classifier : info.classifiers) {
    lengths.push_back(classifier.expected_length);
  }
  return fmt::format("{}", fmt::join(lengths, ", "));
}

}  // namespace virnucpro::cli
