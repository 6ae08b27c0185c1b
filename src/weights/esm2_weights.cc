#include "weights/esm2_weights.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "weights/display_name.h"
#include "weights/json_reader.h"
#include "weights/model_files.h"
#include "weights/model_limits.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

/// The feed-forward part is four times as wide as the rest in every ESM-2.
constexpr std::int64_t kFeedForward = 4;

/// "layers.12.fc1.weight" gives 13, one more than the layer, and "fc1.weight". 0 when the name does
/// not begin with `prefix` and a number.
std::pair<std::int64_t, std::string> split_layer(const std::string& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return {0, ""};
  std::size_t at = prefix.size();
  std::int64_t number = 0;
  for (; at < name.size() && name[at] >= '0' && name[at] <= '9' && number < kMostLayers; ++at) {
    number = 10 * number + (name[at] - '0');
  }
  if (at == prefix.size() || at >= name.size() || name[at] != '.') return {0, ""};
  return {number + 1, name.substr(at + 1)};
}

std::string without_prefix(const std::string& name,
                           std::initializer_list<std::string_view> prefixes) {
  for (const std::string_view prefix : prefixes) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

// ---- fair-esm

/// True for heads that predict letters or contacts, and for tables that are computed here.
bool is_unused_fair_esm(const std::string& name) {
  return name.starts_with("lm_head.") || name.starts_with("contact_head.") ||
         name.ends_with(".rot_emb.inv_freq") || name == "version";
}

void rename_fair_esm(TensorSource& tensors) {
  tensors.rename([](const std::string& name) {
    return without_prefix(name, {"encoder.sentence_encoder.", "encoder."});
  });
  tensors.drop(is_unused_fair_esm);
}

/// An attribute by its name in the cfg, or by that in the older args and in the module.
std::optional<PickleValue> attribute(const PickleValue& object,
                                     std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (auto value = object.attribute(name)) return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> count(const PickleValue& object,
                                  std::initializer_list<std::string_view> names) {
  const auto value = attribute(object, names);
  if (!value) return std::nullopt;
  return value->integer();
}

/// Sizes as the tensors show them; 0 where they do not.
Esm2Config sizes_of(const TensorSource& tensors) {
  Esm2Config config;
  for (const std::string& name : tensors.names()) {
    config.num_layers = std::max(config.num_layers, split_layer(name, "layers.").first);
  }
  if (tensors.has("embed_tokens.weight") && tensors.shape("embed_tokens.weight").rank() == 2) {
    config.embed_dim = tensors.shape("embed_tokens.weight")[1];
  }
  return config;
}

Esm2Weights from_fair_esm(const std::string& path, const PickleValue& settings,
                          const std::string& place, TensorSource tensors) {
  unwrap_names(tensors);
  rename_fair_esm(tensors);
  Esm2Config config = sizes_of(tensors);
  const auto heads = count(settings, {"encoder_attention_heads", "attention_heads"});
  if (!heads) {
    throw ModelError(fmt::format(
        "{}: the number of attention heads (encoder_attention_heads) is missing in {}; it cannot "
        "be found from the tensors. Use the file as fair-esm published it",
        path, place));
  }
  config.attention_heads = *heads;
  const auto agree = [&](std::int64_t& size, std::initializer_list<std::string_view> names) {
    const auto stated = count(settings, names);
    if (stated && size != 0 && *stated != size) {
      throw ModelError(fmt::format("{}: {} in {} is {}, but the tensors have {}", path,
                                   *names.begin(), place, *stated, size));
    }
    if (stated) size = *stated;
  };
  agree(config.num_layers, {"encoder_layers", "num_layers", "layers"});
  agree(config.embed_dim, {"encoder_embed_dim", "embed_dim"});
  if (const auto dropout = attribute(settings, {"token_dropout"})) {
    if (!dropout->boolean()) {
      throw ModelError(
          fmt::format("{}: token_dropout in {} is neither true nor false", path, place));
    }
    config.token_dropout = *dropout->boolean();
  } else {
    throw ModelError(fmt::format("{}: token_dropout is missing in {}", path, place));
  }
  return make_esm2_weights(config, std::move(tensors));
}

// ---- Hugging Face

constexpr const char* kPositions = "embeddings.position_embeddings.weight";

/// Parts of a layer: Hugging Face's names and fair-esm's.
const std::map<std::string, std::string, std::less<>>& layer_parts() {
  static const std::map<std::string, std::string, std::less<>> kParts = {
      {"attention.self.query", "self_attn.q_proj"},
      {"attention.self.key", "self_attn.k_proj"},
      {"attention.self.value", "self_attn.v_proj"},
      {"attention.output.dense", "self_attn.out_proj"},
      {"attention.LayerNorm", "self_attn_layer_norm"},
      {"intermediate.dense", "fc1"},
      {"output.dense", "fc2"},
      {"LayerNorm", "final_layer_norm"}};
  return kParts;
}

bool is_unused_hugging_face(const std::string& name) {
  return name.starts_with("lm_head.") || name.starts_with("contact_head.") ||
         name.starts_with("pooler.") || name.ends_with(".rotary_embeddings.inv_freq") ||
         name == "embeddings.position_ids" || name == kPositions;
}

/// An unknown name stays as it is and is reported as extra.
std::string from_hugging_face_name(const std::string& name) {
  constexpr std::string_view kLayers = "encoder.layer.";
  if (name == "embeddings.word_embeddings.weight") return "embed_tokens.weight";
  if (name.starts_with("encoder.emb_layer_norm_after.")) return without_prefix(name, {"encoder."});
  const auto [layer, rest] = split_layer(name, kLayers);
  if (layer == 0) return name;
  const std::size_t dot = rest.rfind('.');
  if (dot == std::string::npos) return name;
  const auto part = layer_parts().find(rest.substr(0, dot));
  if (part == layer_parts().end()) return name;
  return fmt::format("layers.{}.{}{}", layer - 1, part->second, rest.substr(dot));
}

/// A config.json: its path, and its text, which is read once.
struct ConfigFile {
  explicit ConfigFile(const fs::path& file) : path(file.string()), text(read_text_file(path)) {}
  std::string path;
  std::string text;
};

Esm2Config parse_hugging_face_config(const ConfigFile& file) {
  const nlohmann::json document = parse_json_object(file.text, file.path);
  const std::string& path = file.path;
  const JsonObject json(document, path);
  const auto expect = [&](const std::string& key, const std::string& wanted) {
    if (json.has(key) && json.string(key) != wanted) {
      json.fail(key, fmt::format("is {}, only {} is known", display_name(json.string(key)),
                                 display_name(wanted)));
    }
  };
  expect("model_type", "esm");
  expect("position_embedding_type", "rotary");
  expect("hidden_act", "gelu");
  if (json.has("is_folding_model") && json.boolean("is_folding_model")) {
    json.fail("is_folding_model", "is true; ESMFold is another model");
  }
  if (json.has("emb_layer_norm_before") && json.boolean("emb_layer_norm_before")) {
    json.fail("emb_layer_norm_before", "is true, ESM-2 has none");
  }
  Esm2Config config;
  config.num_layers = json.integer("num_hidden_layers", 1, kMostLayers);
  config.embed_dim = json.integer("hidden_size", 1, kWidest);
  config.attention_heads = json.integer("num_attention_heads", 1, kWidest);
  config.token_dropout = json.boolean("token_dropout");
  if (json.has("layer_norm_eps")) config.layer_norm_eps = json.number("layer_norm_eps");
  if (json.has("intermediate_size") &&
      json.integer("intermediate_size", 1, kFeedForward * kWidest) !=
          kFeedForward * config.embed_dim) {
    json.fail("intermediate_size", fmt::format("is {}, ESM-2 has four times hidden_size ({})",
                                               json.integer("intermediate_size", 1, INT64_MAX),
                                               kFeedForward * config.embed_dim));
  }
  return config;
}

/// Parses the text again, which has been checked before.
bool config_says_rotary(const ConfigFile& file) {
  const nlohmann::json document = parse_json_object(file.text, file.path);
  return JsonObject(document, file.path).has("position_embedding_type");
}

Esm2Weights from_hugging_face(const ConfigFile& config_file, TensorSource tensors) {
  const Esm2Config config = parse_hugging_face_config(config_file);
  tensors.rename([](const std::string& name) { return without_prefix(name, {"esm."}); });
  // Early conversions of ESM-2 carry this table unused, and say rotary; other models use it.
  if (tensors.has(kPositions) && !config_says_rotary(config_file)) {
    throw ModelError(
        fmt::format("{}: 'position_embedding_type' is missing, and the weights have "
                    "{}: expected a model with 'rotary' positions",
                    config_file.path, display_name(kPositions)));
  }
  tensors.drop(is_unused_hugging_face);
  tensors.rename(from_hugging_face_name);
  return make_esm2_weights(config, std::move(tensors));
}

/// One file without settings of its own: its config.json lies beside it.
Esm2Weights with_config_beside(const std::string& path, TensorSource tensors) {
  unwrap_names(tensors);
  const fs::path config_path = fs::path(path).parent_path() / "config.json";
  std::error_code ignored;
  if (!fs::exists(config_path, ignored)) {
    throw ModelError(fmt::format(
        "{}: the number of attention heads is missing: neither a fair-esm cfg in the file nor {}",
        path, config_path.string()));
  }
  const ConfigFile config(config_path);
  tensors.add_file(used_text("config.json", config.text));
  // Files saved by fair-esm's model keep its names even beside a Hugging Face config.
  for (const std::string& name : tensors.names()) {
    if (!name.ends_with("embed_tokens.weight")) continue;
    rename_fair_esm(tensors);
    return make_esm2_weights(parse_hugging_face_config(config), std::move(tensors));
  }
  return from_hugging_face(config, std::move(tensors));
}

Esm2Weights from_archive(const TorchArchive& archive) {
  const PickleValue root = archive.root();
  const std::string& path = archive.path();
  if (const auto model = root.find("model")) {
    if (const auto cfg = root.find("cfg"); cfg && !cfg->is_none()) {
      const auto settings = cfg->attribute("model");
      if (!settings) throw ModelError(fmt::format("{}: cfg['model'] is missing", path));
      return from_fair_esm(path, *settings, "cfg['model']", archive.tensors(*model));
    }
    if (const auto args = root.find("args"); args && !args->is_none()) {
      return from_fair_esm(path, *args, "args", archive.tensors(*model));
    }
    throw ModelError(fmt::format(
        "{}: has 'model', but neither 'cfg' nor 'args', so the number of attention heads is "
        "missing. Use the file as fair-esm published it",
        path));
  }
  if (root.attribute("_modules") && root.attribute("attention_heads")) {
    return from_fair_esm(path, root, "the pickled module", archive.tensors(root));
  }
  return with_config_beside(path, archive.tensors(unwrap_state_dict(root, path)));
}

}  // namespace

Esm2Weights make_esm2_weights(const Esm2Config& config, TensorSource tensors) {
  const std::int64_t d = config.embed_dim;
  const std::int64_t heads = config.attention_heads;
  if (config.num_layers < 1 || config.num_layers > kMostLayers || d < 1 || d > kWidest) {
    throw ModelError(fmt::format("{}: impossible sizes: {} layers of width {}", tensors.origin(),
                                 config.num_layers, d));
  }
  if (heads < 1 || d % heads != 0 || (d / heads) % 2 != 0) {
    throw ModelError(fmt::format(
        "{}: {} attention heads do not divide the width {} into even parts, as rotary positions "
        "need",
        tensors.origin(), heads, d));
  }
  if (!(config.layer_norm_eps > 0) || config.layer_norm_eps > 1) {
    throw ModelError(fmt::format("{}: layer_norm_eps is {}, expected a small positive number",
                                 tensors.origin(), config.layer_norm_eps));
  }
  tensors.require_exactly(expected_tensors(config));
  return {config, std::move(tensors)};
}

Esm2Weights load_esm2(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    // The config comes first: its errors say more than those of the tensors.
    const ConfigFile config(fs::path(path) / "config.json");
    parse_hugging_face_config(config);
    TensorSource tensors = read_model_folder(path);
    tensors.add_file(used_text("config.json", config.text));
    return from_hugging_face(config, std::move(tensors));
  }
  TensorFile file = open_tensor_file(path);
  Esm2Weights weights = file.archive ? from_archive(*file.archive)
                                     : with_config_beside(path, std::move(file.tensors));
  weights.tensors.add_file(*file.file);
  return weights;
}

std::vector<ExpectedTensor> expected_tensors(const Esm2Config& config) {
  const std::int64_t d = config.embed_dim;
  const std::int64_t f = kFeedForward * d;
  std::vector<ExpectedTensor> list = {{"embed_tokens.weight", {kEsm2Letters, d}},
                                      {"emb_layer_norm_after.weight", {d}},
                                      {"emb_layer_norm_after.bias", {d}}};
  const auto add = [&](const std::string& part, std::int64_t rows, std::int64_t columns) {
    list.push_back({part + ".weight", columns == 0 ? Shape{rows} : Shape{rows, columns}});
    list.push_back({part + ".bias", {rows}});
  };
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    const std::string layer = fmt::format("layers.{}.", i);
    for (const char* part : {"q_proj", "k_proj", "v_proj", "out_proj"}) {
      add(layer + "self_attn." + part, d, d);
    }
    add(layer + "self_attn_layer_norm", d, 0);
    add(layer + "fc1", f, d);
    add(layer + "fc2", d, f);
    add(layer + "final_layer_norm", d, 0);
  }
  return list;
}

std::int64_t parameter_count(const Esm2Config& config) {
  std::int64_t count = 0;
  for (const ExpectedTensor& tensor : expected_tensors(config)) count += tensor.shape.elements();
  return count;
}

}  // namespace virnucpro
