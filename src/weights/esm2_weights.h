// ESM-2 weights from any of their published layouts, under one set of names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weights/tensor_source.h"

namespace virnucpro {

/// Rows of ESM-2's embedding: the letters of its alphabet.
inline constexpr std::int64_t kEsm2Letters = 33;

struct Esm2Config {
  std::int64_t num_layers = 0;
  std::int64_t embed_dim = 0;
  std::int64_t attention_heads = 0;
  bool token_dropout = true;
  /// 1e-5 in every published model; a Hugging Face config may say otherwise.
  double layer_norm_eps = 1e-5;

  bool operator==(const Esm2Config&) const = default;
};

/// `tensors` holds exactly, with d = embed_dim: embed_tokens.weight [33, d];
/// layers.N.{self_attn.{q,k,v,out}_proj.weight [d, d], .bias [d], self_attn_layer_norm.{weight,
/// bias} [d], fc1.weight [4d, d], fc1.bias [4d], fc2.weight [d, 4d], fc2.bias [d],
/// final_layer_norm.{weight,bias} [d]}; emb_layer_norm_after.{weight,bias} [d]. Shapes are checked.
struct Esm2Weights {
  Esm2Config config;
  TensorSource tensors;
};

/// Reads a fair-esm .pt, a Hugging Face folder (safetensors or .bin, single or sharded), or one
/// weights file that lies beside its config.json. Maps; reads no tensor. ModelError naming file
/// and tensor or key. The head count must be stated by the file or config.
Esm2Weights load_esm2(const std::string& path);

/// Checks the tensors (canonical names) against the config. ModelError for missing, misshapen or
/// extra ones, and for impossible sizes.
Esm2Weights make_esm2_weights(const Esm2Config& config, TensorSource tensors);

/// Every tensor of a model of these sizes, by its canonical name.
std::vector<ExpectedTensor> expected_tensors(const Esm2Config& config);

/// The number of weights of a model of these sizes, biases and norms included.
std::int64_t parameter_count(const Esm2Config& config);

}  // namespace virnucpro
