#include "devices/load_models.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "models/dnabert_s.h"
#include "models/esm2.h"
#include "models/outlier_columns.h"
#include "sequence/reference_frames.h"
#include "tokenizer/protein_alphabet.h"
#include "weights/quantized_tensors.h"

namespace virnucpro {
namespace {

/// The parts before they are placed on a device.
struct Weights {
  DnabertSWeights dnabert_s;
  Esm2Weights esm2;
  std::optional<ClassifierWeights> classifier;
};

std::int64_t length_for(const Bundle& bundle, const ModelRequest& request) {
  return request.expected_length.value_or(usual_length(bundle.expected_lengths()));
}

void require_stored(const Bundle& bundle, Precision precision, bool widens) {
  const std::optional<Precision> stored = bundle.info().stored_as;
  if (!stored || precision == *stored || (widens && precision == Precision::kFp32)) return;
  throw PrecisionError(fmt::format(
      "{}: its weights are stored as {}, and {} was asked for. Ask for {}, or take the bundle that "
      "it was converted from",
      bundle.origin(), name_of(*stored), name_of(precision), name_of(*stored)));
}

Weights from_bundle(const Bundle& bundle, const ModelRequest& request, bool with_classifier,
                    LoadedModels& models) {
  const BundleInfo& info = bundle.info();
  models.bundle = info.name;
  models.bundle_version = info.version;
  Weights weights{bundle.dnabert_s(), bundle.esm2(), std::nullopt};
  for (const MeasuredAccuracy& accuracy : info.accuracy) {
    if (accuracy.expected_length == models.expected_length) models.accuracy.push_back(accuracy);
  }
  // Set only for bundles: settings of own parts are in files that are hashed.
  models.parts = {{"config", encoder_settings_sha256(info)}};
  models.frames = info.frames;
  if (!with_classifier) return weights;
  if (!request.bundle_classifier.empty()) {
    weights.classifier = load_classifier(request.bundle_classifier);
    return weights;  // the bundle's calibration is of its own classifier
  }
  weights.classifier = bundle.classifier(models.expected_length);
  models.calibration = bundle.calibration(models.expected_length);
  for (const BundleClassifier& classifier : info.classifiers) {
    if (classifier.expected_length != models.expected_length) continue;
    const std::string settings = classifier_settings_sha256(classifier);
    if (!settings.empty()) models.parts.push_back({"classifier_config", settings});
  }
  return weights;
}

Weights from_parts(const ModelRequest& request, bool with_classifier, LoadedModels& models) {
  models.bundle = "own parts";
  Weights weights{load_dnabert_s(request.dnabert), load_esm2(request.esm2), std::nullopt};
  if (with_classifier) weights.classifier = load_classifier(request.classifier);
  return weights;
}

/// The files of the three models, one model after the other, and how many each has.
struct FilesByPart {
  std::vector<UsedFile> all;
  std::vector<std::pair<const char*, std::size_t>> parts;

  void add(const char* name, const std::vector<UsedFile>& files) {
    parts.emplace_back(name, files.size());
    all.insert(all.end(), files.begin(), files.end());
  }
};

FilesByPart files_of(const Weights& weights) {
  FilesByPart files;
  files.add("tokenizer", {used_text("tokenizer.json", weights.dnabert_s.tokenizer_json)});
  files.add("dnabert_s", weights.dnabert_s.tensors.files());
  files.add("esm2", weights.esm2.tensors.files());
  if (weights.classifier) files.add("classifier", weights.classifier->tensors.files());
  return files;
}

/// Adds them before the identities of the bundle, in the order in which users see them.
void add_identities(const FilesByPart& files, LoadedModels& models) {
  std::vector<ModelPart> parts;
  std::size_t first = 0;
  for (const auto& [name, count] : files.parts) {
    parts.push_back({name, identity_of(std::span(models.files).subspan(first, count))});
    first += count;
  }
  models.parts.insert(models.parts.begin(), parts.begin(), parts.end());
}

/// Any id will do, because the mask hides it; the file's own is used where it has one.
std::int32_t padding_of(const DnaTokenizer& tokenizer) {
  return tokenizer.id_of("[PAD]").value_or(tokenizer.unknown_id());
}

// What the outliers of an int8 model are sought in: eight frames of 32 codons show the dimensions
// that are large at any input, and cost ESM-2 3B (272 tokens, 1.5 TFLOP) some 15 s on two cores.
constexpr std::size_t kSampleFrames = 8;
constexpr std::size_t kSampleCodons = 32;

PackedBatch sample_of(EncoderKind kind, const DnaTokenizer& tokenizer) {
  PackedBatch batch;
  DnaTokenizer::Scratch scratch;
  for (const ReferenceFrame& frame : reference_frames(kSampleFrames, kSampleCodons)) {
    if (kind == EncoderKind::kEsm2) {
      encode_protein(frame.protein, batch.tokens);
    } else {
      tokenizer.encode(frame.nucleotides, scratch, batch.tokens);
    }
    batch.cu_seqlens.push_back(static_cast<std::int32_t>(batch.tokens.size()));
  }
  return batch;
}

template <typename Model, typename Weights>
KeptColumns kept_columns(const Weights& weights, EncoderKind kind, const DnaTokenizer& tokenizer,
                         Backend& backend) {
  const Model exact(weights, Precision::kFp16, backend);
  return find_outlier_columns(exact, backend, sample_of(kind, tokenizer));
}

void require_rows(const DnaTokenizer& tokenizer, const DnabertSConfig& config,
                  const std::string& origin) {
  if (tokenizer.vocabulary_size() > static_cast<std::size_t>(config.vocab_size)) {
    throw ModelError(fmt::format(
        "{}: the tokenizer has ids up to {}, but DNABERT-S embeds only {}. Use the tokenizer.json "
        "that belongs to these weights.",
        origin, tokenizer.vocabulary_size() - 1, config.vocab_size));
  }
}

/// An encoder in `precision`. For int8 it is prepared in FP16 before, to find its outliers: no more
/// memory than FP16 is ever needed, and the same weights give the same columns on one device.
template <typename Model, typename Weights>
std::unique_ptr<const Encoder> make_encoder(Weights weights, EncoderKind kind, Precision precision,
                                            const DnaTokenizer& tokenizer, Backend& backend) {
  KeptColumns kept;
  const bool is_stored = is_quantized(weights.tensors, dense_weights(weights.config).front().first);
  if (precision == Precision::kInt8 && !is_stored) {
    kept = kept_columns<Model>(weights, kind, tokenizer, backend);
  }
  return std::make_unique<Model>(std::move(weights), precision, backend, kept);
}

void require_fit(const LoadedModels& models) {
  const Encoder& dnabert_s = *models.dnabert_s;
  const Encoder& esm2 = *models.esm2;
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

KeptColumns kept_columns_of(const DnabertSWeights& weights, const DnaTokenizer& tokenizer,
                            Backend& backend) {
  require_rows(tokenizer, weights.config, weights.tensors.origin());
  return kept_columns<DnabertS>(weights, EncoderKind::kDnabertS, tokenizer, backend);
}

KeptColumns kept_columns_of(const Esm2Weights& weights, const DnaTokenizer& tokenizer,
                            Backend& backend) {
  return kept_columns<Esm2>(weights, EncoderKind::kEsm2, tokenizer, backend);
}

std::optional<Precision> stored_precision(const ModelRequest& request,
                                          const OpenBundle& open_bundle) {
  if (request.has_own_parts()) return std::nullopt;
  try {
    return open_bundle(request.bundle).info().stored_as;
  } catch (const ModelError&) {
    return std::nullopt;  // reported when it is loaded, after what is cheaper to find
  }
}

LoadedModels load_models(const ModelRequest& request, Precision precision, bool with_classifier,
                         const OpenBundle& open_bundle, Backend& backend,
                         const ModelHashing& hashing) {
  require_offered(precision, backend);
  LoadedModels models;
  Weights weights;
  if (request.has_own_parts()) {
    models.expected_length = request.expected_length.value_or(kUsualLength);
    weights = from_parts(request, with_classifier, models);
  } else {
    const Bundle bundle = open_bundle(request.bundle);
    require_stored(bundle, precision, request.widens_stored);
    models.expected_length = length_for(bundle, request);
    weights = from_bundle(bundle, request, with_classifier, models);
  }
  const FilesByPart files = files_of(weights);
  HashingThread hashes(
      hashing.hashes == nullptr ? std::make_shared<ContentHashes>() : hashing.hashes, files.all,
      hashing.stop);
  check(models.expected_length > 0, "an expected length of {}", models.expected_length);
  models.tokenizer =
      DnaTokenizer::from_json(weights.dnabert_s.tokenizer_json, models.bundle + ": tokenizer.json");
  require_rows(*models.tokenizer, weights.dnabert_s.config, models.bundle);
  models.dna_padding = padding_of(*models.tokenizer);
  models.reads_untrained_runs = models.frames.choice == FrameChoice::kOpen && request.frames &&
                                *request.frames != FrameChoice::kOpen;
  models.frames.choice = request.frames.value_or(models.frames.choice);
  models.frames.code = request.genetic_code;
  models.weight_counts = {
      {parameter_count(weights.dnabert_s.config), parameter_count(weights.esm2.config)}};
  // The classifier comes first, so that a misfit is found before gigabytes are prepared.
  if (weights.classifier) {
    models.classifier = std::make_unique<Classifier>(std::move(*weights.classifier), backend);
  }
  models.dnabert_s = make_encoder<DnabertS>(std::move(weights.dnabert_s), EncoderKind::kDnabertS,
                                            precision, *models.tokenizer, backend);
  models.esm2 = make_encoder<Esm2>(std::move(weights.esm2), EncoderKind::kEsm2, precision,
                                   *models.tokenizer, backend);
  require_fit(models);
  models.files = hashes.get();
  add_identities(files, models);
  return models;
}

}  // namespace virnucpro
