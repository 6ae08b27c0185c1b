// When a batch is computed in parts, one on each lane of a backend, and what the parts are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "backend/backend.h"

namespace virnucpro {

/// True for models so narrow that what limits a large batch is the way of its activations to memory
/// and back, on backends that have lanes. The one place that decides it.
bool computes_in_parts(std::int64_t width, Backend& backend);

/// Parts of consecutive sequences, in `begins`: part i is sequences [begins[i], begins[i + 1]). At
/// least one sequence; no part is empty.
void plan_parts(const ops::Sequences& sequences, std::size_t lanes,
                std::vector<std::int64_t>& begins);

/// The tokens of some of a batch's sequences, padding included.
struct BatchPart {
  ConstInts tokens;
  ops::Sequences sequences;
};

/// Sequences [first, first + count). `offsets` holds theirs, and must outlive the part.
BatchPart part_of(const ops::Sequences& sequences, ConstInts tokens, std::int64_t first,
                  std::int64_t count, std::vector<std::int32_t>& offsets);

}  // namespace virnucpro
