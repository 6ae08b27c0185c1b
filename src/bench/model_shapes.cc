#include "bench/model_shapes.h"

#include <array>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

constexpr DnabertSConfig kDnabertS = {.hidden_size = 768,
                                      .num_hidden_layers = 12,
                                      .num_attention_heads = 12,
                                      .intermediate_size = 3072,
                                      .vocab_size = 4096};
constexpr Esm2Config kEsm2Of650M = {.num_layers = 33, .embed_dim = 1280, .attention_heads = 20};
constexpr Esm2Config kEsm2Of3B = {.num_layers = 36, .embed_dim = 2560, .attention_heads = 40};
// All layers cost the same, so four of 36 show the speed of the model with a ninth of its memory.
constexpr Esm2Config kFourLayersOf3B = {.num_layers = 4, .embed_dim = 2560, .attention_heads = 40};
constexpr std::int64_t kPublishedHidden = 512;

const std::array kKnown = {
    ModelShapes{"mini", "the embedded bundle",
                DnabertSConfig{.hidden_size = 128,
                               .num_hidden_layers = 1,
                               .num_attention_heads = 4,
                               .intermediate_size = 256,
                               .vocab_size = 4096},
                Esm2Config{.num_layers = 2, .embed_dim = 128, .attention_heads = 4}, 256},
    ModelShapes{"dnabert-117m", "DNABERT-S alone", kDnabertS, std::nullopt, kPublishedHidden},
    ModelShapes{"esm2-650m", "ESM-2 650M alone", std::nullopt, kEsm2Of650M, kPublishedHidden},
    ModelShapes{"esm2-3b-4l", "ESM-2 3B alone, 4 of its 36 layers", std::nullopt, kFourLayersOf3B,
                kPublishedHidden},
    ModelShapes{"esm2-3b", "ESM-2 3B alone", std::nullopt, kEsm2Of3B, kPublishedHidden},
    ModelShapes{"published-650m", "DNABERT-S and ESM-2 650M", kDnabertS, kEsm2Of650M,
                kPublishedHidden},
    ModelShapes{"published-3b", "DNABERT-S and ESM-2 3B", kDnabertS, kEsm2Of3B, kPublishedHidden},
};

}  // namespace

std::span<const ModelShapes> known_shapes() { return kKnown; }

const ModelShapes& shapes_named(std::string_view name) {
  std::string names;
  for (const ModelShapes& shapes : kKnown) {
    if (shapes.name == name) return shapes;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", shapes.name);
  }
  throw ConfigError(fmt::format("unknown shape '{}'. Use one of: {}.", name, names));
}

double EncoderWork::linear_flops(std::uint64_t tokens) const {
  std::int64_t products = 0;
  for (const MatmulShape& shape : linear) products += shape.count * shape.inputs * shape.outputs;
  return 2.0 * static_cast<double>(products) * static_cast<double>(tokens);
}

double EncoderWork::attention_flops(std::uint64_t squared_tokens) const {
  return 4.0 * static_cast<double>(layers * width) * static_cast<double>(squared_tokens);
}

EncoderWork work_of(const DnabertSConfig& config) {
  const std::int64_t d = config.hidden_size;
  const std::int64_t wide = config.intermediate_size;
  const std::int64_t n = config.num_hidden_layers;
  return {{{d, 3 * d, n}, {d, d, n}, {d, 2 * wide, n}, {wide, d, n}}, n, d};
}

EncoderWork work_of(const Esm2Config& config) {
  const std::int64_t d = config.embed_dim;
  const std::int64_t n = config.num_layers;
  return {{{d, 3 * d, n}, {d, d, n}, {d, 4 * d, n}, {4 * d, d, n}}, n, d};
}

}  // namespace virnucpro
