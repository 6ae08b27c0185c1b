// Weights that a file stores in 8 bits: whole numbers or E4M3 floats, and what belongs to them.
//
// Beside `name` [n, k], int8 or float8_e4m3, lie name.scales [n], float32, and, where an int8
// weight keeps columns in float16, name.columns [c], int32 in rising order, and name.kept [n, c],
// float16.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tensor/quantize.h"
#include "weights/dnabert_s_weights.h"
#include "weights/esm2_weights.h"
#include "weights/tensor_source.h"

namespace virnucpro {

/// A weight as it is stored.
struct StoredWeight {
  QuantizedWeight rows;
  std::vector<std::int32_t> columns;  ///< that are kept in float16
};

/// True where the source has `name` in 8 bits: its scales are there.
bool is_quantized(const TensorSource& source, const std::string& name);
/// The tensors that belong to `name` beside itself.
std::vector<std::string> quantized_names(const TensorSource& source, const std::string& name);

/// Checks types and shapes without taking anything. ModelError.
void require_quantized(const TensorSource& source, const std::string& name, const Shape& shape);

/// Takes the weight and what belongs to it. ModelError for what require_quantized() refuses and for
/// columns that are out of order or range.
StoredWeight take_quantized(TensorSource& source, const std::string& name, const Shape& shape);

/// The weights of an encoder's dense layers, by name, each with the number of its dense layer in
/// the order of the forward pass: queries, keys and values are one.
using DenseWeights = std::vector<std::pair<std::string, std::size_t>>;
DenseWeights dense_weights(const Esm2Config& config);
DenseWeights dense_weights(const DnabertSConfig& config);

}  // namespace virnucpro
