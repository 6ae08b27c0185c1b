#include "pipeline/load_models.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/sha256.h"
#include "models/dnabert_s.h"
#include "models/esm2.h"
#include "tokenizer/protein_alphabet.h"

namespace virnucpro {
namespace {

// What the published classifiers are named for; a bundle of one length says it itself.
constexpr std::int64_t kUsualLength = 500;

// Files of own parts up to this size are hashed at once; the 11 GB of ESM-2 3B would take longer
// than loading it does.
constexpr std::uintmax_t kLargestHashed = std::uintmax_t{256} << 20;

/// The parts before they are placed on a device.
struct Weights {
  DnabertSWeights dnabert_s;
  Esm2Weights esm2;
  std::optional<ClassifierWeights> classifier;
};

Precision parse_precision(const std::string& name) {
  for (const Precision precision : kPrecisions) {
    if (name == name_of(precision)) return precision;
  }
  throw ConfigError(fmt::format("unknown precision '{}'. Use fp16, bf16, int8 or fp32.", name));
}

std::int64_t length_for(const Bundle& bundle, const RunSettings& settings) {
  const std::vector<std::int64_t> lengths = bundle.expected_lengths();
  if (!settings.expected_length) return lengths.size() == 1 ? lengths.front() : kUsualLength;
  return *settings.expected_length;
}

Weights from_bundle(const Bundle& bundle, bool with_classifier, LoadedModels& models) {
  const BundleInfo& info = bundle.info();
  models.bundle = info.name;
  models.bundle_version = info.version;
  models.parts = {{"tokenizer", info.tokenizer.sha256},
                  {"dnabert_s", info.dnabert_s.sha256},
                  {"esm2", info.esm2.sha256}};
  Weights weights{bundle.dnabert_s(), bundle.esm2(), std::nullopt};
  if (!with_classifier) return weights;
  weights.classifier = bundle.classifier(models.expected_length);
  models.calibration = bundle.calibration(models.expected_length);
  for (const BundleClassifier& classifier : info.classifiers) {
    if (classifier.expected_length == models.expected_length) {
      models.parts.push_back({"classifier", classifier.part.sha256});
    }
  }
  return weights;
}

ModelPart describe_file(const std::string& name, const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return {name, fmt::format("not hashed: {}", path)};
  const std::uintmax_t size = fs::file_size(path, error);
  if (error || size > kLargestHashed) {
    return {name, fmt::format("not hashed: {} ({} bytes)", path, size)};
  }
  return {name, sha256_file(path)};
}

Weights from_parts(const RunSettings& settings, bool with_classifier, LoadedModels& models) {
  models.bundle = "own parts";
  Weights weights{load_dnabert_s(settings.dnabert), load_esm2(settings.esm2), std::nullopt};
  models.parts = {describe_file("dnabert_s", settings.dnabert),
                  describe_file("esm2", settings.esm2)};
  if (with_classifier) {
    weights.classifier = load_classifier(settings.classifier);
    models.parts.push_back(describe_file("classifier", settings.classifier));
  }
  return weights;
}

/// Any id will do, the mask hides it; the file's own is used where it has one.
std::int32_t padding_of(const DnaTokenizer& tokenizer) {
  return tokenizer.id_of("[PAD]").value_or(tokenizer.unknown_id());
}

void require_fit(const LoadedModels& models) {
  const Encoder& dnabert_s = *models.dnabert_s;
  const Encoder& esm2 = *models.esm2;
  if (models.tokenizer->vocabulary_size() > static_cast<std::size_t>(dnabert_s.vocabulary())) {
    throw ModelError(fmt::format(
        "{}: the tokenizer has ids up to {}, but DNABERT-S embeds only {}. Use the tokenizer.json "
        "that belongs to these weights.",
        models.bundle, models.tokenizer->vocabulary_size() - 1, dnabert_s.vocabulary()));
  }
  if (static_cast<std::size_t>(esm2.vocabulary()) < kProteinVocabularySize) {
    throw ModelError(fmt::format("{}: ESM-2 embeds {} letters, expected {}.", models.bundle,
                                 esm2.vocabulary(), kProteinVocabularySize));
  }
  if (models.classifier == nullptr) return;
  const std::int64_t width = dnabert_s.width() + esm2.width();
  if (models.classifier->input_width() != width) {
    throw ModelError(fmt::format(
        "{}: the classifier takes {} features, but DNABERT-S ({}) and ESM-2 ({}) give {}. It was "
        "trained on other encoders; use the ones it belongs to.",
        models.bundle, models.classifier->input_width(), dnabert_s.width(), esm2.width(), width));
  }
}

}  // namespace

PrecisionChoice precision_of(const RunSettings& settings, const Environment& environment) {
  PrecisionRequest request;
  if (settings.precision) request.precision = parse_precision(*settings.precision);
  request.no_packing = settings.no_packing;
  return choose_precision(request, environment);
}

LoadedModels load_models(const RunSettings& settings, Precision precision, bool with_classifier,
                         const OpenBundle& open_bundle, Backend& backend) {
  LoadedModels models;
  Weights weights;
  if (settings.has_own_parts()) {
    models.expected_length = settings.expected_length.value_or(kUsualLength);
    weights = from_parts(settings, with_classifier, models);
  } else {
    const Bundle bundle = open_bundle(settings.bundle);
    models.expected_length = length_for(bundle, settings);
    weights = from_bundle(bundle, with_classifier, models);
  }
  check(models.expected_length > 0, "an expected length of {}", models.expected_length);
  models.tokenizer =
      DnaTokenizer::from_json(weights.dnabert_s.tokenizer_json, models.bundle + ": tokenizer.json");
  models.dna_padding = padding_of(*models.tokenizer);
  // The classifier first: a part that does not fit is found before gigabytes are prepared.
  if (weights.classifier) {
    models.classifier = std::make_unique<Classifier>(std::move(*weights.classifier), backend);
  }
  models.dnabert_s = std::make_unique<DnabertS>(std::move(weights.dnabert_s), precision, backend);
  models.esm2 = std::make_unique<Esm2>(std::move(weights.esm2), precision, backend);
  require_fit(models);
  return models;
}

}  // namespace virnucpro
