#include "models/dnabert_s.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "models/pooled_slot.h"

namespace virnucpro {
namespace {

enum Slot : std::size_t { kStream, kBranch, kWide, kAttended, kGated, kQuantized, kSlots };
static_assert(kSlots <= kPooledSlot);

}  // namespace

std::vector<float> alibi_slopes(std::int64_t heads) {
  check(heads > 0, "alibi_slopes of {} heads", heads);
  const auto power_slopes = [](std::int64_t count) {
    std::vector<float> slopes;
    const double base = std::pow(2.0, -8.0 / static_cast<double>(count));
    for (std::int64_t i = 1; i <= count; ++i) {
      slopes.push_back(static_cast<float>(std::pow(base, static_cast<double>(i))));
    }
    return slopes;
  };
  std::int64_t power = 1;
  while (power * 2 <= heads) power *= 2;
  std::vector<float> slopes = power_slopes(power);
  const std::vector<float> finer = power_slopes(2 * power);
  for (std::size_t i = 0; slopes.size() < static_cast<std::size_t>(heads); i += 2) {
    slopes.push_back(finer[i]);
  }
  return slopes;
}

struct DnabertS::Layer {
  Layer(TensorSource& source, const std::string& prefix, const DnabertSConfig& config,
        DataType type, Backend& backend, LayerColumns kept)
      : qkv(source, prefix + "attention.self.Wqkv", 3 * config.hidden_size, config.hidden_size,
            true, type, backend, kept[0]),
        out(source, prefix + "attention.output.dense", config.hidden_size, config.hidden_size, true,
            type, backend, kept[1]),
        attention_norm(source, prefix + "attention.output.LayerNorm", config.hidden_size,
                       static_cast<float>(config.layer_norm_eps), backend),
        gated(source, prefix + "mlp.gated_layers", 2 * config.intermediate_size, config.hidden_size,
              false, type, backend, kept[2]),
        wo(source, prefix + "mlp.wo", config.hidden_size, config.intermediate_size, true, type,
           backend, kept[3]),
        ffn_norm(source, prefix + "mlp.layernorm", config.hidden_size,
                 static_cast<float>(config.layer_norm_eps), backend) {}

  Dense qkv;
  Dense out;
  Norm attention_norm;
  Dense gated;
  Dense wo;
  Norm ffn_norm;
};

DnabertS::DnabertS(DnabertSWeights weights, Precision precision, Backend& backend,
                   const KeptColumns& kept)
    : config_(weights.config), precision_(precision) {
  const DataType type = linear_type(precision);
  const std::int64_t d = config_.hidden_size;
  TensorSource& source = weights.tensors;
  word_embedding_ = backend.place(
      convert(source.take("embeddings.word_embeddings.weight", {config_.vocab_size, d}),
              weight_type(precision)));
  const HostTensor types =
      convert(source.take_any("embeddings.token_type_embeddings.weight"), DataType::kFloat32);
  check(types.shape.rank() == 2 && types.shape[0] >= 1 && types.shape[1] == d,
        "token_type_embeddings of shape {}", to_string(types.shape));
  HostTensor first_type = types;  // every token is of type 0
  first_type.shape = Shape{d};
  token_type_ = backend.place(first_type);
  embedding_norm_ =
      Norm(source, "embeddings.LayerNorm", d, static_cast<float>(config_.layer_norm_eps), backend);
  layers_.reserve(static_cast<std::size_t>(config_.num_hidden_layers));
  for (std::int64_t i = 0; i < config_.num_hidden_layers; ++i) {
    layers_.emplace_back(source, "encoder.layer." + std::to_string(i) + ".", config_, type, backend,
                         LayerColumns(kept, i, config_.num_hidden_layers));
  }
  source.expect_all_taken();
  const std::int64_t heads = config_.num_attention_heads;
  slopes_ = backend.place(make_float_tensor({heads}, alibi_slopes(heads)));
  first_layer_ = FirstLayerTable(backend, backend.activation_type(precision), config_.vocab_size, d,
                                 [&](ConstInts ids, Matrix stream, Matrix qkv) {
                                   embed(backend, ids, stream);
                                   embedding_norm_.forward(backend, stream, stream);
                                   layers_[0].qkv.forward(backend, stream, qkv);
                                 });
}

DnabertS::~DnabertS() = default;

void DnabertS::embed(Backend& backend, ConstInts tokens, Matrix stream) const {
  backend.embedding_lookup({.ids = tokens,
                            .table = word_embedding_.matrix,
                            .addend = token_type_.floats(),
                            .scale = 1.0f,
                            .output = stream});
}

ops::MeanPool DnabertS::encode(Backend& backend, Workspace& workspace, ConstInts tokens,
                               const ops::Sequences& sequences) const {
  const std::int64_t d = config_.hidden_size;
  const std::int64_t heads = config_.num_attention_heads;
  const std::int64_t rows = tokens.size;
  const DataType type = backend.activation_type(precision_);
  const Matrix x = workspace.matrix(kStream, type, rows, d);
  const Matrix branch = workspace.matrix(kBranch, type, rows, d);
  // Holds queries, keys and values, later gate and value of the feed-forward: never both.
  const std::int64_t widest = std::max(3 * d, 2 * config_.intermediate_size);
  const Matrix wide = workspace.matrix(kWide, type, rows, widest);
  const Matrix qkv{wide.data, type, rows, 3 * d, 3 * d};
  const Matrix gate{wide.data, type, rows, 2 * config_.intermediate_size,
                    2 * config_.intermediate_size};
  const Matrix attended = workspace.matrix(kAttended, type, rows, d);
  // The stream as dense layers read it, and what comes out of the gate.
  DenseInput stream{x};
  DenseInput gated;
  if (backend.quantizes_activations(precision_)) {
    stream.quantized = workspace.quantized(kQuantized, rows, d);
    gated.quantized = workspace.quantized(kGated, rows, config_.intermediate_size);
  } else {
    gated.matrix = workspace.matrix(kGated, type, rows, config_.intermediate_size);
  }

  backend.enter_layer({"embedding"});
  const bool looks_up = first_layer_.serves(backend);
  if (looks_up) {
    first_layer_.look_up(backend, tokens, x, qkv);
  } else {
    embed(backend, tokens, x);
    embedding_norm_.forward(backend, x, x, {}, stream.quantized);
  }
  const AttentionHeads attending = {.count = heads,
                                    .scale = 1.0f / std::sqrt(static_cast<float>(d / heads)),
                                    .alibi_slopes = slopes_.floats()};
  std::int64_t number = 0;
  for (const Layer& layer : layers_) {
    backend.enter_layer({"layer", number});
    if (number > 0 || !looks_up) layer.qkv.forward(backend, stream, qkv);
    ++number;
    attention(backend, qkv, sequences, attending, attended);
    layer.out.forward(backend, attended, branch);
    layer.attention_norm.forward(backend, branch, x, x, stream.quantized);
    layer.gated.forward(backend, stream, gate);
    backend.gated_gelu({.input = gate, .output = gated.matrix, .quantized = gated.quantized});
    layer.wo.forward(backend, gated, branch);
    layer.ffn_norm.forward(backend, branch, x, x, stream.quantized);
  }
  // All tokens, [CLS] and [SEP] included: the published classifier was trained on that mean.
  return {.input = x,
          .sequences = sequences,
          .skip_front = 0,
          .skip_back = 0,
          .max_rows = 0,
          .output = {}};
}

}  // namespace virnucpro
