// Rotary position embedding of queries and keys, in place.
#pragma once

#include "ops/sequences.h"
#include "tensor/view.h"

namespace virnucpro::ops {

/// qkv [tokens, 3 * heads * head_width] laid out (3, heads, head_width). Queries are multiplied by
/// query_scale, then queries and keys are rotated in half-split form with the position inside their
/// own sequence (NUMERICS 6); values stay. Angles and products are float32 or wider; padding rows
/// (of padded sequences) may be left alone. head_width is even.
struct Rotary {
  Matrix qkv;
  Sequences sequences;
  std::int64_t heads = 0;
  float query_scale = 1.0f;
};

void validate(const Rotary& op);

}  // namespace virnucpro::ops
