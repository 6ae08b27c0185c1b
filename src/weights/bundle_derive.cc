// Makes a bundle from another one: its encoders, and a classifier fitted to their embeddings.
#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "base/sha256.h"
#include "weights/bundle.h"
#include "weights/bundle_card.h"
#include "weights/bundle_folder.h"
#include "weights/safetensors.h"

namespace virnucpro {

void require_free_bundle_folder(const std::string& folder, bool force) {
  const BundleTarget target(folder, force);
}

BundleInfo derive_bundle(const Bundle& base, const BundleDerivation& options,
                         const std::stop_token& stop) {
  const BundleTarget target(options.output_folder, options.force, /*keeps_others=*/true);
  BundleInfo info = base.info();
  info.name = options.name;
  info.version = options.version;
  info.description = options.description;
  info.training_data = options.training_data;
  info.metrics_json = options.metrics_json;
  info.frames.choice = options.frames.choice;
  info.frames.least_run = options.frames.least_run;

  // Names of parts are free, so those of the base could collide.
  BundleFolder folder(target);
  const auto copy = [&](BundlePart& part, std::string name) {
    base.copy_part(part, folder.file(name), stop);
    part.file = std::move(name);
  };
  const auto classifier_file = [](std::int64_t length) {
    return fmt::format("classifier_{}.safetensors", length);
  };
  copy(info.tokenizer, "tokenizer.json");
  copy(info.dnabert_s, "dnabert_s.safetensors");
  copy(info.esm2, "esm2.safetensors");
  // Scores of another classifier were not measured.
  std::erase_if(info.accuracy, [&](const MeasuredAccuracy& accuracy) {
    return accuracy.expected_length == options.expected_length;
  });
  std::erase_if(info.classifiers, [&](const BundleClassifier& classifier) {
    return classifier.expected_length == options.expected_length;
  });
  for (BundleClassifier& classifier : info.classifiers) {
    copy(classifier.part, classifier_file(classifier.expected_length));
  }

  BundleClassifier fitted;
  fitted.expected_length = options.expected_length;
  fitted.input_dim = options.input_dim;
  fitted.hidden_dim = options.hidden_dim;
  fitted.batch_norm_eps = options.batch_norm_eps;
  fitted.part.file = classifier_file(options.expected_length);
  write_safetensors(folder.file(fitted.part.file), options.tensors);
  fitted.part.sha256 = sha256_file(folder.file(fitted.part.file));
  info.classifiers.push_back(fitted);
  std::ranges::sort(info.classifiers, {}, &BundleClassifier::expected_length);

  for (const auto& [name, text] : options.more_files) folder.write(name, text);
  folder.write(kBundleCard, format_bundle_card(info));
  require_sound(folder.file(""), base, stop);
  folder.publish();
  return info;
}

}  // namespace virnucpro
