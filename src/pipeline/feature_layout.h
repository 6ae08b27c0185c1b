// Where the two embeddings of an ORF lie in its row of features.
#pragma once

#include <cstddef>
#include <span>

#include "models/encoder_kind.h"

namespace virnucpro {

/// The widths of the two embeddings, which lie side by side in a row: DNABERT-S, then ESM-2.
struct FeatureLayout {
  PerEncoder<std::size_t> widths;

  std::size_t row() const { return widths[EncoderKind::kDnabertS] + widths[EncoderKind::kEsm2]; }
  std::size_t column(EncoderKind kind) const {
    return kind == EncoderKind::kDnabertS ? 0 : widths[EncoderKind::kDnabertS];
  }
  /// One embedding of an ORF in `features` [orfs, row()].
  template <typename Float>
  std::span<Float> embedding(std::span<Float> features, std::size_t orf, EncoderKind kind) const {
    return features.subspan(orf * row() + column(kind), widths[kind]);
  }
};

}  // namespace virnucpro
