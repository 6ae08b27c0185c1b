// The distance between two embeddings of the same sequence.
#pragma once

#include <span>

namespace virnucpro {

struct EmbeddingDifference {
  double cosine = 0.0;
  double largest = 0.0;  ///< of the absolute differences
  double relative =
      0.0;  ///< `largest` over the largest magnitude of `exact`; 0 or infinity if that is 0
};

/// Computed in double; values must be finite and the sizes equal (ContractError). The cosine of two
/// zero vectors is 1, that of a zero and another vector 0. Pure.
EmbeddingDifference embedding_difference(std::span<const float> studied,
                                         std::span<const float> exact);

}  // namespace virnucpro
