#include "weights/bundle_card.h"

#include <algorithm>
#include <set>

#include "base/errors.h"
#include "base/format.h"
#include "base/sha256.h"
#include "tensor/precision_name.h"
#include "weights/calibration_card.h"
#include "weights/display_name.h"
#include "weights/json_reader.h"
#include "weights/model_files.h"

namespace virnucpro {
namespace {

constexpr const char* kFormat = "virnucpro-bundle";
constexpr std::int64_t kFormatVersion = 2;
/// What cards say that programs of the first version can read, too.
constexpr std::int64_t kFirstVersion = 1;
/// Wide enough for every model; the models' own checks have the exact limits.
constexpr std::int64_t kLargestCount = std::int64_t{1} << 30;
/// Longer than any chunk.
constexpr std::int64_t kLongestRun = 1 << 20;
constexpr double kEsm2Eps = 1e-5;
constexpr double kBatchNormEps = 1e-5;

std::string optional_text(const JsonObject& json, const std::string& key) {
  return json.has(key) ? json.string(key) : std::string();
}

BundlePart parse_part(const JsonObject& json) {
  BundlePart part{json.string("file"), json.string("sha256")};
  if (!is_plain_file_name(part.file) || part.file == kBundleCard) {
    json.fail("file", fmt::format("is {}, expected the name of a file in the bundle's folder",
                                  display_name(part.file)));
  }
  if (!is_sha256(part.sha256)) json.fail("sha256", "expected 64 hexadecimal digits in lower case");
  return part;
}

DnabertSConfig parse_dnabert_s(const JsonObject& json) {
  DnabertSConfig config;
  config.hidden_size = json.integer("hidden_size", 1, kLargestCount);
  config.num_hidden_layers = json.integer("num_hidden_layers", 1, kLargestCount);
  config.num_attention_heads = json.integer("num_attention_heads", 1, kLargestCount);
  config.intermediate_size = json.integer("intermediate_size", 1, kLargestCount);
  config.layer_norm_eps = json.number("layer_norm_eps");
  config.vocab_size = json.integer("vocab_size", 1, kLargestCount);
  return config;
}

Esm2Config parse_esm2(const JsonObject& json) {
  Esm2Config config;
  config.num_layers = json.integer("num_layers", 1, kLargestCount);
  config.embed_dim = json.integer("embed_dim", 1, kLargestCount);
  config.attention_heads = json.integer("attention_heads", 1, kLargestCount);
  config.token_dropout = json.boolean("token_dropout");
  config.layer_norm_eps = json.has("layer_norm_eps") ? json.number("layer_norm_eps") : kEsm2Eps;
  return config;
}

BundleClassifier parse_classifier(const JsonObject& json) {
  BundleClassifier classifier;
  classifier.expected_length = json.integer("expected_length", 1, kLargestCount);
  classifier.part = parse_part(json);
  const JsonObject config = json.object("config");
  classifier.input_dim = config.integer("input_dim", 1, kLargestCount);
  classifier.hidden_dim = config.integer("hidden_dim", 1, kLargestCount);
  classifier.batch_norm_eps =
      config.has("batch_norm_eps") ? config.number("batch_norm_eps") : kBatchNormEps;
  if (json.has("calibration"))
    classifier.calibration = parse_calibration(json.object("calibration"));
  return classifier;
}

/// A text and a number of the top level, absent in cards of bundles that read open frames.
FrameRule parse_frames(const JsonObject& json) {
  FrameRule frames;
  if (json.has("frames")) {
    const auto choice = frame_choice_of(json.string("frames"));
    if (!choice) {
      json.fail("frames", fmt::format("is {}, expected 'open', 'longest' or 'longest-two'",
                                      display_name(json.string("frames"))));
    }
    frames.choice = *choice;
  }
  if (json.has("least_run")) {
    frames.least_run = static_cast<std::uint32_t>(json.integer("least_run", 3, kLongestRun));
  }
  return frames;
}

/// Absent in cards of bundles that are stored as float16.
std::optional<Precision> parse_stored_as(const JsonObject& json) {
  if (!json.has("stored_as")) return std::nullopt;
  const auto precision = precision_named(json.string("stored_as"));
  if (precision == Precision::kInt8 || precision == Precision::kFp8) return precision;
  json.fail("stored_as",
            fmt::format("is {}, expected 'int8' or 'fp8'", display_name(json.string("stored_as"))));
}

nlohmann::ordered_json format_part(const BundlePart& part) {
  return {{"file", part.file}, {"sha256", part.sha256}};
}

nlohmann::ordered_json config_json(const DnabertSConfig& dna) {
  return {{"hidden_size", dna.hidden_size},
          {"num_hidden_layers", dna.num_hidden_layers},
          {"num_attention_heads", dna.num_attention_heads},
          {"intermediate_size", dna.intermediate_size},
          {"layer_norm_eps", dna.layer_norm_eps},
          {"vocab_size", dna.vocab_size}};
}

nlohmann::ordered_json config_json(const Esm2Config& esm) {
  nlohmann::ordered_json json = {{"num_layers", esm.num_layers},
                                 {"embed_dim", esm.embed_dim},
                                 {"attention_heads", esm.attention_heads},
                                 {"token_dropout", esm.token_dropout}};
  if (esm.layer_norm_eps != kEsm2Eps) json["layer_norm_eps"] = esm.layer_norm_eps;
  return json;
}

/// Text that holds an object becomes an object again; other text stays a string.
nlohmann::ordered_json object_or_text(const std::string& text) {
  auto value = nlohmann::ordered_json::parse(text, nullptr, false);
  if (value.is_object()) return value;
  return text;
}

}  // namespace

BundleInfo parse_bundle_card(std::string_view text, const std::string& origin) {
  const nlohmann::json document = parse_json_object(text, origin);
  const JsonObject json(document, origin);
  if (json.string("format") != kFormat) {
    json.fail("format",
              fmt::format("is {}, expected '{}'", display_name(json.string("format")), kFormat));
  }
  const std::int64_t version = json.integer("format_version", 1, kLargestCount);
  if (version > kFormatVersion) {
    json.fail("format_version", fmt::format("is {}, this program reads up to {}; update it",
                                            version, kFormatVersion));
  }
  BundleInfo info;
  info.name = json.string("name");
  info.version = json.string("version");
  info.description = optional_text(json, "description");
  info.license = json.string("license");
  if (json.has("training_data") && json.value()["training_data"].is_object()) {
    info.training_data = json.value()["training_data"].dump();
  } else {
    info.training_data = json.string("training_data");
  }
  info.tokenizer = parse_part(json.object("tokenizer"));
  info.dnabert_s = parse_part(json.object("dnabert_s"));
  info.dnabert_s_config = parse_dnabert_s(json.object("dnabert_s").object("config"));
  info.esm2 = parse_part(json.object("esm2"));
  info.esm2_config = parse_esm2(json.object("esm2").object("config"));
  std::set<std::int64_t> lengths;
  for (const JsonObject& classifier : json.objects("classifiers")) {
    info.classifiers.push_back(parse_classifier(classifier));
    if (!lengths.insert(info.classifiers.back().expected_length).second) {
      json.fail("classifiers", fmt::format("two of them are for the expected length {}",
                                           info.classifiers.back().expected_length));
    }
  }
  if (info.classifiers.empty()) json.fail("classifiers", "is empty");
  std::ranges::sort(info.classifiers, {}, &BundleClassifier::expected_length);
  if (json.has("accuracy")) {
    for (const JsonObject& entry : json.objects("accuracy")) {
      info.accuracy.push_back(parse_accuracy(entry));
    }
  }
  info.frames = parse_frames(json);
  info.stored_as = parse_stored_as(json);
  if (json.has("metrics")) info.metrics_json = json.object("metrics").value().dump();

  nlohmann::json extra = nlohmann::json::object();
  const std::set<std::string> known = {
      "format",        "format_version", "name",      "version",  "description", "license",
      "training_data", "tokenizer",      "dnabert_s", "esm2",     "classifiers", "metrics",
      "accuracy",      "frames",         "least_run", "stored_as"};
  for (const auto& [key, value] : document.items()) {
    if (!known.contains(key)) extra[key] = value;
  }
  info.extra_json = extra.dump();
  return info;
}

std::string encoder_settings_sha256(const BundleInfo& info) {
  const nlohmann::ordered_json settings = {{"dnabert_s", config_json(info.dnabert_s_config)},
                                           {"esm2", config_json(info.esm2_config)}};
  return sha256_text(settings.dump());
}

std::string classifier_settings_sha256(const BundleClassifier& classifier) {
  if (classifier.batch_norm_eps == kBatchNormEps) return {};
  const nlohmann::ordered_json settings = {{"batch_norm_eps", classifier.batch_norm_eps}};
  return sha256_text(settings.dump());
}

std::string format_bundle_card(const BundleInfo& info) {
  nlohmann::ordered_json card;
  card["format"] = kFormat;
  card["format_version"] = info.stored_as ? kFormatVersion : kFirstVersion;
  card["name"] = info.name;
  card["version"] = info.version;
  card["description"] = info.description;
  card["license"] = info.license;
  card["training_data"] = object_or_text(info.training_data);
  card["tokenizer"] = format_part(info.tokenizer);

  card["dnabert_s"] = format_part(info.dnabert_s);
  card["dnabert_s"]["config"] = config_json(info.dnabert_s_config);
  card["esm2"] = format_part(info.esm2);
  card["esm2"]["config"] = config_json(info.esm2_config);
  if (info.stored_as) card["stored_as"] = name_of(*info.stored_as);
  if (info.frames.choice != FrameChoice::kOpen) card["frames"] = name_of(info.frames.choice);
  if (info.frames.least_run != kLeastRun) card["least_run"] = info.frames.least_run;
  card["classifiers"] = nlohmann::ordered_json::array();
  for (const BundleClassifier& classifier : info.classifiers) {
    nlohmann::ordered_json entry = {{"expected_length", classifier.expected_length},
                                    {"file", classifier.part.file},
                                    {"sha256", classifier.part.sha256}};
    entry["config"] = {{"input_dim", classifier.input_dim}, {"hidden_dim", classifier.hidden_dim}};
    if (classifier.batch_norm_eps != kBatchNormEps) {
      entry["config"]["batch_norm_eps"] = classifier.batch_norm_eps;
    }
    if (classifier.calibration) entry["calibration"] = calibration_json(*classifier.calibration);
    card["classifiers"].push_back(std::move(entry));
  }
  for (const MeasuredAccuracy& accuracy : info.accuracy) {
    card["accuracy"].push_back(accuracy_json(accuracy));
  }
  card["metrics"] = nlohmann::ordered_json::parse(info.metrics_json);
  const auto extra = nlohmann::ordered_json::parse(info.extra_json);
  for (const auto& [key, value] : extra.items()) card[key] = value;
  // Texts come from a command line and need not be UTF-8.
  return card.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace virnucpro
