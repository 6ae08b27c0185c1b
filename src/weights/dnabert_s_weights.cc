#include "weights/dnabert_s_weights.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "base/path_kind.h"
#include "weights/display_name.h"
#include "weights/json_reader.h"
#include "weights/model_files.h"
#include "weights/model_limits.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

/// The vocabulary of no usable model is larger.
constexpr std::int64_t kMostTokens = 1 << 24;

constexpr const char* kTokenTypes = "embeddings.token_type_embeddings.weight";

bool is_unused(const std::string& name) {
  return name.starts_with("pooler.") || name.starts_with("cls.") ||
         name == "embeddings.position_ids" || name == "embeddings.token_type_ids";
}

DnabertSConfig parse_config(const std::string& text, const std::string& path) {
  const nlohmann::json document = parse_json_object(text, path);
  const JsonObject json(document, path);
  DnabertSConfig config;
  config.hidden_size = json.integer("hidden_size", 1, kWidest);
  config.num_hidden_layers = json.integer("num_hidden_layers", 1, kMostLayers);
  config.num_attention_heads = json.integer("num_attention_heads", 1, kWidest);
  config.intermediate_size = json.integer("intermediate_size", 1, kWidest);
  if (json.has("layer_norm_eps")) config.layer_norm_eps = json.number("layer_norm_eps");
  config.vocab_size = json.integer("vocab_size", 1, kMostTokens);
  if (json.has("hidden_act") && json.string("hidden_act") != "gelu") {
    json.fail("hidden_act",
              fmt::format("is {}, only 'gelu' is known", display_name(json.string("hidden_act"))));
  }
  return config;
}

/// One more than the largest id in a tokenizer.json: the embedding rows it needs.
std::int64_t tokenizer_rows(const std::string& tokenizer_json, const std::string& origin) {
  const nlohmann::json document = parse_json_object(tokenizer_json, origin);
  const JsonObject json(document, origin);
  const JsonObject vocabulary = json.object("model").object("vocab");
  std::int64_t rows = 0;
  for (const auto& [token, id] : vocabulary.value().items()) {
    rows = std::max(rows, vocabulary.integer(token, 0, kMostTokens) + 1);
  }
  if (json.has("added_tokens")) {
    for (const JsonObject& token : json.objects("added_tokens")) {
      rows = std::max(rows, token.integer("id", 0, kMostTokens) + 1);
    }
  }
  return rows;
}

}  // namespace

void require_fitting_tokenizer(const DnabertSWeights& weights) {
  const std::string& origin = weights.tensors.origin();
  const std::int64_t needed = tokenizer_rows(weights.tokenizer_json, origin + ": tokenizer");
  if (needed > weights.config.vocab_size) {
    throw ModelError(fmt::format("{}: the tokenizer has ids up to {}, the embedding {} rows",
                                 origin, needed - 1, weights.config.vocab_size));
  }
}

DnabertSWeights make_dnabert_s_weights(const DnabertSConfig& config, TensorSource tensors,
                                       std::string tokenizer_json) {
  const std::string& origin = tensors.origin();
  const std::int64_t d = config.hidden_size;
  const auto within = [](std::int64_t value, std::int64_t most) {
    return value >= 1 && value <= most;
  };
  if (!within(d, kWidest) || !within(config.num_hidden_layers, kMostLayers) ||
      !within(config.intermediate_size, kWidest) || !within(config.vocab_size, kMostTokens)) {
    throw ModelError(fmt::format("{}: impossible sizes: {} layers of width {} and {}, {} tokens",
                                 origin, config.num_hidden_layers, d, config.intermediate_size,
                                 config.vocab_size));
  }
  if (config.num_attention_heads < 1 || d % config.num_attention_heads != 0) {
    throw ModelError(fmt::format("{}: {} attention heads do not divide the width {}", origin,
                                 config.num_attention_heads, d));
  }
  if (!(config.layer_norm_eps > 0) || config.layer_norm_eps > 1) {
    throw ModelError(fmt::format("{}: layer_norm_eps is {}, expected a small positive number",
                                 origin, config.layer_norm_eps));
  }
  // Only the first row is used, so any number of rows is accepted.
  const Shape& types = tensors.shape(kTokenTypes);
  const std::int64_t rows = types.rank() == 2 && types[0] > 0 ? types[0] : 1;
  tensors.require_exactly(expected_tensors(config, rows));
  return {config, std::move(tensors), std::move(tokenizer_json)};
}

DnabertSWeights load_dnabert_s(const std::string& folder) {
  const std::string problem = no_folder(folder, "the folder of DNABERT-S");
  if (!problem.empty()) throw ModelError(problem);
  const std::string config_path = (fs::path(folder) / "config.json").string();
  const std::string config_text = read_text_file(config_path);
  const DnabertSConfig config = parse_config(config_text, config_path);
  std::string tokenizer = read_text_file((fs::path(folder) / "tokenizer.json").string());
  TensorSource tensors = read_model_folder(folder);
  tensors.add_file(used_text("config.json", config_text));
  tensors.rename([](const std::string& name) {
    constexpr std::string_view kPrefix = "bert.";
    return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
  });
  tensors.drop(is_unused);
  DnabertSWeights weights =
      make_dnabert_s_weights(config, std::move(tensors), std::move(tokenizer));
  require_fitting_tokenizer(weights);
  return weights;
}

std::vector<ExpectedTensor> expected_tensors(const DnabertSConfig& config,
                                             std::int64_t token_types) {
  const std::int64_t d = config.hidden_size;
  const std::int64_t wide = config.intermediate_size;
  std::vector<ExpectedTensor> list = {{"embeddings.word_embeddings.weight", {config.vocab_size, d}},
                                      {kTokenTypes, {token_types, d}},
                                      {"embeddings.LayerNorm.weight", {d}},
                                      {"embeddings.LayerNorm.bias", {d}}};
  const auto add = [&](const std::string& part, const Shape& weight, std::int64_t bias) {
    list.push_back({part + ".weight", weight});
    list.push_back({part + ".bias", {bias}});
  };
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = fmt::format("encoder.layer.{}.", i);
    add(layer + "attention.self.Wqkv", {3 * d, d}, 3 * d);
    add(layer + "attention.output.dense", {d, d}, d);
    add(layer + "attention.output.LayerNorm", {d}, d);
    list.push_back({layer + "mlp.gated_layers.weight", {2 * wide, d}});
    add(layer + "mlp.wo", {d, wide}, d);
    add(layer + "mlp.layernorm", {d}, d);
  }
  return list;
}

std::int64_t parameter_count(const DnabertSConfig& config) {
  std::int64_t count = 0;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    count += tensor.shape.elements();
  }
  return count;
}

}  // namespace virnucpro
