// Weights that C++ and tests/parity/make_encoder_goldens.py make alike, so that no file holds them.
#pragma once

#include <openssl/sha.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "tensor/host_tensor.h"
#include "weights/classifier_weights.h"
#include "weights/dnabert_s_weights.h"
#include "weights/esm2_weights.h"

namespace virnucpro::testing_support {

/// Uniform in [-s, s) about 0 (matrices, biases) or 1 (gains and variances), exact in float32; the
/// sequence is SplitMix64 from the first eight bytes of SHA-256(name).
inline HostTensor synthetic_tensor(const std::string& name, const Shape& shape) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest);
  std::uint64_t state;
  std::memcpy(&state, digest, sizeof(state));
  const bool gain = name.ends_with("orm.weight") || name.ends_with("norm_after.weight") ||
                    name.ends_with("bn1.weight") || name.ends_with("bn1.running_var");
  float middle = 0.0f;
  float scale = 0.125f;
  if (gain) {
    middle = 1.0f;
    scale = 0.25f;
  } else if (shape.rank() == 2) {
    const bool table = name.find("embed") != std::string::npos;
    const double root = std::sqrt(static_cast<double>(shape[1]));
    scale = table ? 1.0f : static_cast<float>(std::exp2(1.0 - std::ceil(std::log2(root))));
  }
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  for (float& value : values) {
    state += 0x9E3779B97F4A7C15ull;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    z ^= z >> 31;
    value = middle + scale * (static_cast<float>(z >> 40) * 0x1p-23f - 1.0f);
  }
  return make_float_tensor(shape, values);
}

/// Fills a source with `names` (prefixed by "<model>/" for the generator only).
class SyntheticSource {
 public:
  explicit SyntheticSource(std::string model) : model_(std::move(model)), source_(model_) {}
  void add(const std::string& name, const Shape& shape) {
    source_.add(name, synthetic_tensor(model_ + "/" + name, shape));
  }
  void add_layer(const std::string& prefix, std::int64_t outputs, std::int64_t inputs) {
    add(prefix + ".weight", {outputs, inputs});
    add(prefix + ".bias", {outputs});
  }
  void add_norm(const std::string& prefix, std::int64_t width) {
    add(prefix + ".weight", {width});
    add(prefix + ".bias", {width});
  }
  TensorSource take() { return std::move(source_); }

 private:
  std::string model_;
  TensorSource source_;
};

inline Esm2Weights synthetic_esm2(const std::string& model, std::int64_t layers, std::int64_t d,
                                  std::int64_t heads) {
  SyntheticSource source(model);
  source.add("embed_tokens.weight", {kEsm2Letters, d});
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string p = "layers." + std::to_string(i) + ".";
    for (const char* name : {"q_proj", "k_proj", "v_proj", "out_proj"}) {
      source.add_layer(p + "self_attn." + name, d, d);
    }
    source.add_norm(p + "self_attn_layer_norm", d);
    source.add_layer(p + "fc1", 4 * d, d);
    source.add_layer(p + "fc2", d, 4 * d);
    source.add_norm(p + "final_layer_norm", d);
  }
  source.add_norm("emb_layer_norm_after", d);
  Esm2Config config;
  config.num_layers = layers;
  config.embed_dim = d;
  config.attention_heads = heads;
  return make_esm2_weights(config, source.take());
}

inline DnabertSWeights synthetic_dnabert_s(const std::string& model, std::int64_t layers,
                                           std::int64_t d, std::int64_t heads, std::int64_t inner,
                                           std::int64_t vocabulary) {
  SyntheticSource source(model);
  source.add("embeddings.word_embeddings.weight", {vocabulary, d});
  source.add("embeddings.token_type_embeddings.weight", {2, d});
  source.add_norm("embeddings.LayerNorm", d);
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string p = "encoder.layer." + std::to_string(i) + ".";
    source.add_layer(p + "attention.self.Wqkv", 3 * d, d);
    source.add_layer(p + "attention.output.dense", d, d);
    source.add_norm(p + "attention.output.LayerNorm", d);
    source.add(p + "mlp.gated_layers.weight", {2 * inner, d});
    source.add_layer(p + "mlp.wo", d, inner);
    source.add_norm(p + "mlp.layernorm", d);
  }
  DnabertSConfig config;
  config.hidden_size = d;
  config.num_hidden_layers = layers;
  config.num_attention_heads = heads;
  config.intermediate_size = inner;
  config.vocab_size = vocabulary;
  return make_dnabert_s_weights(config, source.take(), R"({"model": {"vocab": {"A": 0}}})");
}

inline ClassifierWeights synthetic_classifier(const std::string& model, std::int64_t inputs,
                                              std::int64_t hidden) {
  SyntheticSource source(model);
  source.add_layer("hidden_layer", hidden, inputs);
  for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
    source.add(std::string("bn1.") + name, {hidden});
  }
  source.add_layer("output_layer", 2, hidden);
  return make_classifier_weights(source.take());
}

}  // namespace virnucpro::testing_support
