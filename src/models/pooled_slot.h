// The place of the pooled embeddings in a workspace; for models/*.cc only.
#pragma once

#include <cstddef>

#include "layers/workspace.h"

namespace virnucpro {

/// The layers of both encoders use only the slots below, as their enumerations show.
inline constexpr std::size_t kPooledSlot = 6;
static_assert(kPooledSlot < Workspace::kSlots);

}  // namespace virnucpro
