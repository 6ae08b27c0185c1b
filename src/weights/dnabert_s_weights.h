// DNABERT-S weights from a Hugging Face folder, without their optional prefix.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weights/tensor_source.h"

namespace virnucpro {

struct DnabertSConfig {
  std::int64_t hidden_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t intermediate_size = 0;
  double layer_norm_eps = 1e-12;
  std::int64_t vocab_size = 0;

  bool operator==(const DnabertSConfig&) const = default;
};

/// `tensors` holds exactly the published names, with d = hidden_size and I = intermediate_size:
/// embeddings.{word_embeddings.weight [vocab, d], token_type_embeddings.weight [types, d] (use
/// take_any), LayerNorm.{weight,bias} [d]}; encoder.layer.N.{attention.self.Wqkv.weight [3d, d],
/// .bias [3d], attention.output.{dense, LayerNorm}.*, mlp.gated_layers.weight [2I, d],
/// mlp.wo.weight [d, I], mlp.wo.bias [d], mlp.layernorm.{weight,bias} [d]}. Shapes are checked.
struct DnabertSWeights {
  DnabertSConfig config;
  TensorSource tensors;
  /// The text of tokenizer.json.
  std::string tokenizer_json;
};

/// Reads config.json, tokenizer.json and the weights (safetensors or .bin, single or sharded) of
/// the folder. Maps; reads no tensor. ModelError naming file and tensor or key.
DnabertSWeights load_dnabert_s(const std::string& folder);

/// Checks the tensors (canonical names) against the config, and not the tokenizer. ModelError for
/// missing, misshapen or extra ones, and for impossible sizes.
DnabertSWeights make_dnabert_s_weights(const DnabertSConfig& config, TensorSource tensors,
                                       std::string tokenizer_json);

/// ModelError where the text is no tokenizer.json, or has an id that the embedding has no row for.
/// Reading it takes milliseconds, and who makes a tokenizer of it knows its ids without this.
void require_fitting_tokenizer(const DnabertSWeights& weights);

/// Every tensor of a model of these sizes, by its name. Published models have two token types.
std::vector<ExpectedTensor> expected_tensors(const DnabertSConfig& config,
                                             std::int64_t token_types = 2);

/// The number of weights of a model of these sizes, with the two token types that all have.
std::int64_t parameter_count(const DnabertSConfig& config);

}  // namespace virnucpro
