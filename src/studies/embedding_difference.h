// The distance between two embeddings of the same sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace virnucpro {

struct EmbeddingDifference {
  double cosine = 0.0;   ///< centred
  double largest = 0.0;  ///< of the absolute differences
  double relative =
      0.0;  ///< `largest` over the largest magnitude of `exact`; 0 or infinity if that is 0
};

/// Computed in double; values must be finite and the sizes equal (ContractError). The centred
/// cosine is that of both less `centre`: a plain one says nothing where a few dimensions dominate
/// every embedding. Of two zero vectors it is 1, of a zero and another vector 0. Pure.
EmbeddingDifference embedding_difference(std::span<const float> studied,
                                         std::span<const float> exact,
                                         std::span<const double> centre);

/// The mean of embeddings, added one by one. Copyable.
class EmbeddingMean {
 public:
  EmbeddingMean() = default;
  explicit EmbeddingMean(std::size_t width) : sums_(width) {}

  /// Ignores one that is not finite.
  void add(std::span<const float> embedding);
  std::uint64_t count() const { return count_; }
  /// Zeros when there was none.
  std::vector<double> mean() const;

 private:
  std::vector<double> sums_;
  std::uint64_t count_ = 0;
};

}  // namespace virnucpro
