#include "models/esm2.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "models/pooled_slot.h"

namespace virnucpro {
namespace {

/// 1 - 0.15 * 0.8, as in its training, without masks (docs/explanation/numerics.md#5-esm-2).
constexpr float kTokenDropoutScale = 0.88f;
constexpr std::int64_t kMaxPooledResidues = 1024;

enum Slot : std::size_t { kStream, kNormed, kWide, kAttended, kSlots };
static_assert(kSlots <= kPooledSlot);

}  // namespace

struct Esm2::Layer {
  Layer(TensorSource& source, const std::string& prefix, const Esm2Config& config, DataType type,
        Backend& backend, LayerColumns kept);

  Norm attention_norm;
  Dense qkv;
  Dense out;
  Norm ffn_norm;
  Dense fc1;
  Dense fc2;
};

namespace {

std::array<std::string, 3> query_key_value(const std::string& prefix) {
  return {prefix + "self_attn.q_proj", prefix + "self_attn.k_proj", prefix + "self_attn.v_proj"};
}

}  // namespace

Esm2::Layer::Layer(TensorSource& source, const std::string& prefix, const Esm2Config& config,
                   DataType type, Backend& backend, LayerColumns kept)
    : attention_norm(source, prefix + "self_attn_layer_norm", config.embed_dim,
                     static_cast<float>(config.layer_norm_eps), backend),
      qkv(source, query_key_value(prefix), config.embed_dim, config.embed_dim, true, type, backend,
          kept[0]),
      out(source, prefix + "self_attn.out_proj", config.embed_dim, config.embed_dim, true, type,
          backend, kept[1]),
      ffn_norm(source, prefix + "final_layer_norm", config.embed_dim,
               static_cast<float>(config.layer_norm_eps), backend),
      fc1(source, prefix + "fc1", 4 * config.embed_dim, config.embed_dim, true, type, backend,
          kept[2]),
      fc2(source, prefix + "fc2", config.embed_dim, 4 * config.embed_dim, true, type, backend,
          kept[3]) {}

Esm2::Esm2(Esm2Weights weights, Precision precision, Backend& backend, const KeptColumns& kept)
    : config_(weights.config), precision_(precision), vocabulary_(kEsm2Letters) {
  const DataType type = linear_type(precision);
  TensorSource& source = weights.tensors;
  embedding_ =
      backend.place(convert(source.take("embed_tokens.weight", {vocabulary_, config_.embed_dim}),
                            weight_type(precision)));
  layers_.reserve(static_cast<std::size_t>(config_.num_layers));
  for (std::int64_t i = 0; i < config_.num_layers; ++i) {
    layers_.emplace_back(source, "layers." + std::to_string(i) + ".", config_, type, backend,
                         LayerColumns(kept, i, config_.num_layers));
  }
  final_norm_ = Norm(source, "emb_layer_norm_after", config_.embed_dim,
                     static_cast<float>(config_.layer_norm_eps), backend);
  source.expect_all_taken();
  const DataType activations = backend.activation_type(precision);
  first_layer_ = FirstLayerTable(backend, activations, vocabulary_, config_.embed_dim,
                                 [&](ConstInts ids, Matrix stream, Matrix qkv) {
                                   embed(backend, ids, stream);
                                   Workspace workspace(backend);
                                   const Matrix normed = workspace.matrix(kNormed, activations,
                                                                          ids.size, stream.columns);
                                   layers_[0].attention_norm.forward(backend, stream, normed);
                                   layers_[0].qkv.forward(backend, normed, qkv);
                                 });
}

Esm2::~Esm2() = default;

void Esm2::embed(Backend& backend, ConstInts tokens, Matrix stream) const {
  backend.embedding_lookup({.ids = tokens,
                            .table = embedding_.matrix,
                            .addend = {},
                            .scale = config_.token_dropout ? kTokenDropoutScale : 1.0f,
                            .output = stream});
}

ops::MeanPool Esm2::encode(Backend& backend, Workspace& workspace, ConstInts tokens,
                           const ops::Sequences& sequences) const {
  const std::int64_t d = config_.embed_dim;
  const std::int64_t heads = config_.attention_heads;
  const std::int64_t rows = tokens.size;
  const DataType type = backend.activation_type(precision_);
  const bool quantizes = backend.quantizes_activations(precision_);
  const Matrix x = workspace.matrix(kStream, type, rows, d);
  // Holds queries, keys and values, later the widened feed-forward state: never both.
  workspace.reserve(
      kWide, std::max(static_cast<std::size_t>(rows * (quantizes ? 3 : 4) * d) * size_of(type),
                      quantizes ? Workspace::quantized_bytes(rows, 4 * d) : 0));
  const Matrix qkv = workspace.matrix(kWide, type, rows, 3 * d);
  DenseInput y;
  DenseInput wide;
  if (quantizes) {
    y.quantized = workspace.quantized(kNormed, rows, d);
    wide.quantized = workspace.quantized(kWide, rows, 4 * d);
  } else {
    y.matrix = workspace.matrix(kNormed, type, rows, d);
    wide.matrix = workspace.matrix(kWide, type, rows, 4 * d);
  }
  // Last of all, the output.
  const Matrix attended = workspace.matrix(kAttended, type, rows, d);

  backend.enter_layer({"embedding"});
  const bool looks_up = first_layer_.serves(backend);
  if (looks_up) {
    first_layer_.look_up(backend, tokens, x, qkv);
  } else {
    embed(backend, tokens, x);
  }
  const AttentionHeads attending = {
      .count = heads, .scale = 1.0f / std::sqrt(static_cast<float>(d / heads)), .rotary = true};
  std::int64_t number = 0;
  for (const Layer& layer : layers_) {
    backend.enter_layer({"layer", number});
    if (number > 0 || !looks_up) {
      layer.attention_norm.forward(backend, x, y);
      layer.qkv.forward(backend, y, qkv);
    }
    ++number;
    attention(backend, qkv, sequences, attending, attended);
    layer.out.forward(backend, attended, x, ops::Activation::kNone, x);
    layer.ffn_norm.forward(backend, x, y);
    layer.fc1.forward(backend, y, wide, ops::Activation::kGelu);
    layer.fc2.forward(backend, wide, x, x);
  }
  backend.enter_layer({"final norm"});
  final_norm_.forward(backend, x, attended);
  return {.input = attended,
          .sequences = sequences,
          .skip_front = 1,
          .skip_back = 1,
          .max_rows = kMaxPooledResidues,
          .output = {}};
}

}  // namespace virnucpro
