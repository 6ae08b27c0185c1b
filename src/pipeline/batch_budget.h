// How many tokens a batch has when the user does not say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace virnucpro {

/// Tokens of one batch for encoders of at most `widest` columns, `workers` of which share
/// `available_bytes` of memory (absent: not known): from 1024 to 8192, in steps of 256. Results do
/// not depend on it.
std::int64_t automatic_batch_tokens(std::optional<std::uint64_t> available_bytes,
                                    std::int64_t widest, std::size_t workers);

}  // namespace virnucpro
