// `models import`: encoders and classifiers of any layout become one bundle folder.
#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/sha256.h"
#include "base/stop.h"
#include "tensor/float16.h"
#include "weights/bundle.h"
#include "weights/bundle_card.h"
#include "weights/bundle_folder.h"
#include "weights/display_name.h"
#include "weights/finite_weights.h"
#include "weights/json_reader.h"
#include "weights/safetensors.h"

namespace virnucpro {
namespace {

constexpr float kLargestHalf = 65504.0f;

void check_options(const BundleImport& options) {
  if (options.name.empty()) throw ConfigError("a bundle needs a name");
  if (options.classifiers.empty()) throw ConfigError("a bundle needs at least one classifier");
  std::set<std::int64_t> lengths;
  for (const auto& classifier : options.classifiers) {
    if (classifier.expected_length < 1) {
      throw ConfigError(fmt::format("{}: expected length {}, it must be at least 1",
                                    classifier.path, classifier.expected_length));
    }
    if (!lengths.insert(classifier.expected_length).second) {
      throw ConfigError(fmt::format("{}: a second classifier for the expected length {}",
                                    classifier.path, classifier.expected_length));
    }
  }
  parse_json_object(options.metrics_json, "metrics");
}

/// Float16 has no values beyond 65504: they would silently become infinite.
void check_fits_half(const std::string& origin, const std::string& name, const HostTensor& tensor) {
  const std::int64_t count = tensor.shape.elements();
  for (std::int64_t i = 0; i < count; ++i) {
    const float value = float_at(tensor, i);
    if (std::fabs(value) <= kLargestHalf) continue;
    throw ModelError(fmt::format(
        "{}: tensor {}: element {} is {}, float16 reaches only to 65504. These weights cannot be "
        "imported; use them directly with VIRNUCPRO_DISABLE_FP16=1",
        origin, display_name(name), i, value));
  }
}

/// Writes all tensors in another type, one at a time, and leaves the source empty.
void write_as(TensorSource& source, DataType type, const std::string& path, WorkStep& step,
              const std::stop_token& stop) {
  std::vector<TensorToWrite> list;
  for (const std::string& name : source.names()) {
    const auto load = [&source, &step, &stop, name, type] {
      throw_if_stopped(stop);
      step.add();
      const HostTensor tensor = source.take(name, source.shape(name));
      if (const auto problem = describe_nonfinite(name, tensor)) {
        throw ModelError(fmt::format(
            "{}: {}. No model with such weights gives a result; use the file that was published, "
            "or train again",
            source.origin(), *problem));
      }
      if (type == DataType::kFloat16) check_fits_half(source.origin(), name, tensor);
      return convert(tensor, type);
    };
    list.push_back({name, type, source.shape(name), load});
  }
  write_safetensors(path, list);
}

void check_width(const BundleClassifier& classifier, const std::string& path,
                 const BundleInfo& info) {
  const std::int64_t dna = info.dnabert_s_config.hidden_size;
  const std::int64_t protein = info.esm2_config.embed_dim;
  if (classifier.input_dim == dna + protein) return;
  throw ModelError(fmt::format(
      "{}: the classifier takes {} values, but the encoders give {} + {} = {}; it was trained with "
      "other encoders",
      path, classifier.input_dim, dna, protein, dna + protein));
}

}  // namespace

BundleInfo import_bundle(const BundleImport& options, const WorkProgress& progress,
                         const std::stop_token& stop) {
  check_options(options);
  const BundleTarget target(options.output_folder, options.force);

  // Everything is opened and checked before the first byte is written.
  DnabertSWeights dnabert_s = load_dnabert_s(options.dnabert_folder);
  Esm2Weights esm2 = load_esm2(options.esm2_path);
  BundleInfo info;
  info.name = options.name;
  info.version = options.version;
  info.description = options.description;
  info.license = options.license;
  info.training_data = options.training_data;
  info.metrics_json = options.metrics_json;
  info.extra_json = options.extra_json;
  info.dnabert_s_config = dnabert_s.config;
  info.esm2_config = esm2.config;
  std::vector<std::pair<BundleClassifier, ClassifierWeights>> classifiers;
  for (const auto& asked : options.classifiers) {
    ClassifierWeights weights = load_classifier(asked.path);
    BundleClassifier classifier;
    classifier.expected_length = asked.expected_length;
    classifier.part.file = fmt::format("classifier_{}.safetensors", asked.expected_length);
    classifier.input_dim = weights.input_dim;
    classifier.hidden_dim = weights.hidden_dim;
    classifier.batch_norm_eps = weights.batch_norm_eps;
    check_width(classifier, asked.path, info);
    classifiers.emplace_back(std::move(classifier), std::move(weights));
  }
  std::ranges::sort(classifiers, {}, [](const auto& c) { return c.first.expected_length; });

  std::uint64_t tensors = dnabert_s.tensors.names().size() + esm2.tensors.names().size();
  for (const auto& [classifier, weights] : classifiers) tensors += weights.tensors.names().size();
  WorkStep step(progress, "converting", "tensor", tensors);
  BundleFolder folder(target);
  const auto hashed = [&](const std::string& file) {
    return BundlePart{file, sha256_file(folder.file(file), stop)};
  };
  folder.write("tokenizer.json", dnabert_s.tokenizer_json);
  info.tokenizer = hashed("tokenizer.json");
  write_as(dnabert_s.tensors, DataType::kFloat16, folder.file("dnabert_s.safetensors"), step, stop);
  info.dnabert_s = hashed("dnabert_s.safetensors");
  write_as(esm2.tensors, DataType::kFloat16, folder.file("esm2.safetensors"), step, stop);
  info.esm2 = hashed("esm2.safetensors");
  for (auto& [classifier, weights] : classifiers) {
    write_as(weights.tensors, DataType::kFloat32, folder.file(classifier.part.file), step, stop);
    classifier.part = hashed(classifier.part.file);
    info.classifiers.push_back(classifier);
  }
  folder.write(kBundleCard, format_bundle_card(info));
  const std::vector<std::string> problems = verify_bundle(folder.file(""), progress, stop);
  if (!problems.empty()) {
    throw OutputError(fmt::format(
        "{}: {} in the bundle when it was read back, so it is not kept: "
        "{}. Is the disk in order?",
        target.path().string(), counted(problems.size(), "problem"), fmt::join(problems, "; ")));
  }
  folder.publish();
  return info;
}

}  // namespace virnucpro
