// The sizes of models that can be measured, and the multiplications of a forward pass.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/cpu/matmul_ceiling.h"
#include "weights/dnabert_s_weights.h"
#include "weights/esm2_weights.h"

namespace virnucpro {

/// An absent encoder is neither computed nor measured.
struct ModelShapes {
  std::string_view name;
  std::string_view description;
  std::optional<DnabertSConfig> dnabert_s;
  std::optional<Esm2Config> esm2;
  std::int64_t classifier_hidden = 0;
};

/// The values of `--shape`.
std::span<const ModelShapes> known_shapes();

/// The shapes of this name; ConfigError, listing the known names, for another.
const ModelShapes& shapes_named(std::string_view name);

/// The matrix products of one encoder. A multiplication and an addition count as two FLOPs.
struct EncoderWork {
  std::vector<MatmulShape> linear;  ///< each with the number of layers as its count
  std::int64_t layers = 0;
  std::int64_t width = 0;

  /// 2 * inputs * outputs per dense layer and token; exact.
  double linear_flops(std::uint64_t tokens) const;
  /// 4 * L^2 * width per layer and sequence of L tokens: scores, and their product with the values.
  /// `squared_tokens` is the sum of L^2.
  double attention_flops(std::uint64_t squared_tokens) const;
};

EncoderWork work_of(const DnabertSConfig& config);
EncoderWork work_of(const Esm2Config& config);

}  // namespace virnucpro
