// Bidirectional self-attention inside each sequence, with rotary positions where a model has them.
#pragma once

#include "ops/sequences.h"
#include "tensor/view.h"

namespace virnucpro::ops {

/// qkv [tokens, 3 * heads * head_width] laid out (3, heads, head_width); output
/// [tokens, heads * head_width], not overlapping qkv. Per head: softmax(scale q k^T + bias) v over
/// the keys of the same sequence, bias[i, j] = -alibi_slopes[head] |i - j| where slopes ([heads])
/// are given. `rotary`: scaled q, and k, are rotated first, half-split, by their positions in the
/// sequence (docs/explanation/numerics.md#5-esm-2; even head_width). All float32 or wider. Packed,
/// padded (Backend::attention_packed, Backend::attention_padded); rows of padding become zero.
struct Attention {
  ConstMatrix qkv;
  Sequences sequences;
  std::int64_t heads = 0;
  float scale = 1.0f;
  ConstFloats alibi_slopes;
  bool rotary = false;
  Matrix output;
};

void validate(const Attention& op);

}  // namespace virnucpro::ops
