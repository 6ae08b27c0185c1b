// The inputs of an encoder's dense layers that are too large for 8 bits beside the others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/encoder.h"

namespace virnucpro {

/// For each dense layer of an encoder, in the order of its forward pass: ascending columns of its
/// weight. Empty: none, for any layer.
using KeptColumns = std::vector<std::vector<std::int32_t>>;

/// Those of the four dense layers of one transformer layer; of none where `all` is empty. Borrows
/// `all`, which otherwise has four entries per layer (ContractError).
class LayerColumns {
 public:
  LayerColumns(const KeptColumns& all, std::int64_t layer, std::int64_t layers);
  std::span<const std::int32_t> operator[](std::size_t dense) const;

 private:
  std::span<const std::vector<std::int32_t>> columns_;
};

/// Of each dense layer's inputs the 64th part whose largest magnitude over the tokens of `sample`
/// is greatest. Trained models put a few dimensions orders of magnitude above the rest, at any
/// input (Dettmers et al., LLM.int8(), arXiv 2208.07339); int8 keeps them in float16
/// (ops/linear.h). `encoder` is of a floating precision and prepared for `backend`. Throws what a
/// forward pass does.
KeptColumns find_outlier_columns(const Encoder& encoder, Backend& backend,
                                 const PackedBatch& sample);

}  // namespace virnucpro
