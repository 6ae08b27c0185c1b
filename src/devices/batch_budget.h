// The number of tokens of a batch when the user does not give it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "backend/backend.h"
#include "tensor/precision.h"

namespace virnucpro {

/// Tokens of one batch for encoders of at most `widest` columns, when `workers` of them share
/// `available_bytes` of memory (absent: not known): from 1024 to 8192, in steps of 256. Results do
/// not depend on it.
std::int64_t automatic_batch_tokens(std::optional<std::uint64_t> available_bytes,
                                    std::int64_t widest, std::size_t workers);

/// The same for a device with memory of its own, whose activations have elements of
/// `element_bytes`: all of its room, in steps of 256 up to room.most_tokens.
std::int64_t automatic_batch_tokens(const BatchRoom& room, std::int64_t widest,
                                    std::size_t element_bytes);

/// Tokens of batches that suit all of `backends`, so the smallest decides. Models of `precision`
/// must be prepared; `available_bytes` of the host are shared by the backends that compute there.
/// Where one of them computes in parts (models/batch_parts.h), at least 8192 for each of its lanes,
/// up to 65,536, and 2048 for each of more than 32.
std::int64_t automatic_batch_tokens(std::span<Backend* const> backends, Precision precision,
                                    std::int64_t widest,
                                    std::optional<std::uint64_t> available_bytes);

}  // namespace virnucpro
