// `models import`: encoders and classifiers of any layout become one bundle folder.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "base/mapped_file.h"
#include "base/output_file.h"
#include "base/partial_file.h"
#include "base/sha256.h"
#include "tensor/float16.h"
#include "weights/bundle.h"
#include "weights/bundle_card.h"
#include "weights/display_name.h"
#include "weights/json_reader.h"
#include "weights/safetensors.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

constexpr float kLargestHalf = 65504.0f;

[[noreturn]] void fail(const fs::path& path, const char* what, const std::error_code& error) {
  throw OutputError(fmt::format("{}: cannot {}: {}", path.string(), what, error.message()));
}

/// A folder under a temporary name; removed with its content unless publish() was called.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const fs::path& target)
      : target_(target), path_(fmt::format("{}.tmp-{}", target.string(), ::getpid())) {
    std::error_code error;
    fs::remove_all(path_, error);
    fs::create_directories(path_, error);
    if (error) fail(path_, "create", error);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

  /// Gives the folder its name. A folder that has it now is moved aside first, then removed.
  void publish() {
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

 private:
  fs::path target_;
  fs::path path_;
};

/// The folder without a slash at its end, so that names can be put behind it.
fs::path output_folder(const BundleImport& options) {
  if (options.output_folder.empty()) throw ConfigError("a bundle needs an output folder");
  fs::path folder = fs::path(options.output_folder).lexically_normal();
  if (folder.filename().empty()) folder = folder.parent_path();
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) return folder;
  if (!options.force) {
    throw ConfigError(
        fmt::format("{}: exists already; choose another folder or use --force", folder.string()));
  }
  // --force must not be the way to lose a home folder.
  if (!fs::exists(folder / kBundleCard, ignored) && !fs::is_empty(folder, ignored)) {
    throw ConfigError(fmt::format("{}: is not a bundle (no {}), so it is not replaced",
                                  folder.string(), kBundleCard));
  }
  return folder;
}

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

/// Half has no values beyond 65504: they would become infinite without a word.
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
void write_as(TensorSource& source, DataType type, const std::string& path) {
  std::vector<TensorToWrite> list;
  for (const std::string& name : source.names()) {
    const auto load = [&source, name, type] {
      const HostTensor tensor = source.take(name, source.shape(name));
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

BundleInfo import_bundle(const BundleImport& options) {
  check_options(options);
  const fs::path target = output_folder(options);

  // Everything is opened and compared before the first byte is written.
  DnabertSWeights dnabert_s = load_dnabert_s(options.dnabert_folder);
  Esm2Weights esm2 = load_esm2(options.esm2_path);
  BundleInfo info;
  info.name = options.name;
  info.version = options.version;
  info.description = options.description;
  info.license = options.license;
  info.training_data = options.training_data;
  info.metrics_json = options.metrics_json;
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

  TemporaryFolder folder(target);
  const auto hashed = [&](const std::string& file) {
    return BundlePart{file, sha256_file(folder.file(file))};
  };
  {
    OutputFile tokenizer(folder.file("tokenizer.json"));
    tokenizer.write(dnabert_s.tokenizer_json);
    tokenizer.commit();
  }
  info.tokenizer = hashed("tokenizer.json");
  write_as(dnabert_s.tensors, DataType::kFloat16, folder.file("dnabert_s.safetensors"));
  info.dnabert_s = hashed("dnabert_s.safetensors");
  write_as(esm2.tensors, DataType::kFloat16, folder.file("esm2.safetensors"));
  info.esm2 = hashed("esm2.safetensors");
  for (auto& [classifier, weights] : classifiers) {
    write_as(weights.tensors, DataType::kFloat32, folder.file(classifier.part.file));
    classifier.part = hashed(classifier.part.file);
    info.classifiers.push_back(classifier);
  }
  {
    OutputFile card(folder.file(kBundleCard));
    card.write(format_bundle_card(info));
    card.commit();
  }
  folder.publish();
  return info;
}

}  // namespace virnucpro
