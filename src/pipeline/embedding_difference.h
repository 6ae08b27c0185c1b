// How far two embeddings of the same sequence are apart.
#pragma once

#include <span>

namespace virnucpro {

struct EmbeddingDifference {
  double cosine = 0.0;
  double largest = 0.0;  ///< of the absolute differences
  double relative =
      0.0;  ///< `largest` over the largest magnitude of `exact`; of zeros 0 or infinity
};

/// Of finite values and the same size (ContractError), in double. Two zero vectors have the cosine
/// 1, a zero and another one 0. Pure.
EmbeddingDifference embedding_difference(std::span<const float> studied,
                                         std::span<const float> exact);

}  // namespace virnucpro
