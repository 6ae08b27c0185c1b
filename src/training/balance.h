// The weight of each frame in the loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "training/frame_set.h"

namespace virnucpro {

enum class Balance : std::uint8_t {
  kNone,     ///< every frame counts once
  kClasses,  ///< each class has half of the weight, shared by its frames
  kGroups    ///< each class has half of it, shared by its groups, and that of a group by its frames
};

/// The name in options and files: "groups".
std::string_view name_of(Balance balance);

/// One weight for each of `frames` (indices of `truth`); their mean is 1.
std::vector<float> balance_weights(std::span<const FrameTruth> truth,
                                   std::span<const std::size_t> frames, Balance balance);

}  // namespace virnucpro
