// Verification of a bundle: every hash, every part and every weight.
#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "weights/bundle.h"
#include "weights/finite_weights.h"

namespace virnucpro {

std::vector<std::string> Bundle::problems(const WorkProgress& progress,
                                          const std::stop_token& stop) const {
  std::vector<std::string> found;
  const auto attempt = [&](const std::function<void()>& action) {
    try {
      action();
    } catch (const ModelError& error) {
      // Both encoders may report the same part.
      if (std::ranges::find(found, error.what()) == found.end()) found.emplace_back(error.what());
    }
  };
  std::vector<BundlePart> parts = {info_->tokenizer, info_->dnabert_s, info_->esm2};
  for (const BundleClassifier& classifier : info_->classifiers) parts.push_back(classifier.part);
  WorkStep step(progress, "checking", "part",
                2 * parts.size() - 1);  // the tokenizer has no weights
  for (const BundlePart& part : parts) {
    attempt([&] { check_hash(part, file(part.file), stop); });
    step.add();
  }
  const auto read = [&](TensorSource source) {
    for (std::string& line : nonfinite_tensors(source, stop)) found.push_back(std::move(line));
    step.add();
  };
  attempt([&] {
    DnabertSWeights weights = dnabert_s();
    attempt([&] { require_fitting_tokenizer(weights); });
    read(std::move(weights.tensors));
  });
  attempt([&] { read(esm2().tensors); });
  for (const std::int64_t length : expected_lengths()) {
    attempt([&] { read(classifier(length).tensors); });
  }
  return found;
}

std::vector<std::string> verify_bundle(const std::string& folder, const WorkProgress& progress,
                                       const std::stop_token& stop) {
  try {
    return Bundle::open(folder).problems(progress, stop);
  } catch (const ModelError& error) {
    return {error.what()};
  }
}

void require_sound(const std::string& folder, const Bundle& base, const std::stop_token& stop) {
  const std::vector<std::string> problems = verify_bundle(folder, {}, stop);
  if (problems.empty()) return;
  throw ModelError(
      fmt::format("the new bundle would not be sound, so it is not written: {}. Look at {} with "
                  "'virnucpro models verify'",
                  fmt::join(problems, "; "), base.origin()));
}

}  // namespace virnucpro
