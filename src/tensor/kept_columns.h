// Columns of a weight that an int8 product leaves to float16 (ops/linear.h).
#pragma once

#include <cstdint>
#include <span>

#include "tensor/host_tensor.h"

namespace virnucpro {

/// A matrix [n, k] without those columns, and these.
struct SplitColumns {
  HostTensor rest;  ///< [n, k] of the matrix's own type, zero in the columns
  HostTensor kept;  ///< float16 [n, columns], in their order
};

/// Copies; `columns` are ascending and inside the matrix, whose type is a floating one.
SplitColumns split_columns(const HostTensor& matrix, std::span<const std::int32_t> columns);

}  // namespace virnucpro
