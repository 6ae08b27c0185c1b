// The error raised when a batch's embeddings hold NaN or infinity.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "models/encoder.h"

namespace virnucpro {

/// Throws NonfiniteError when the check of the batch found anything. The error gives the model, the
/// batch number, the first few sequence ids, counts, the finite range, and what to do next.
void require_finite(const Encoder& encoder, std::uint64_t batch, std::span<const std::string> ids,
                    const Embeddings& embeddings);

}  // namespace virnucpro
