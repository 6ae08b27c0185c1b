// The shapes that every dense layer is compared for, whatever the type of its weights.
#pragma once

#include <cstdint>
#include <utility>

#include "ops/linear.h"

namespace virnucpro {

/// Calls `take(rows, inputs, outputs)` for none, one and odd numbers of each, and for what fills
/// the tiles of the kernels, or just does not.
template <typename Take>
void for_each_linear_shape(const Take& take) {
  for (const std::int64_t m : {0, 1, 2, 63, 64, 65, 130}) {
    for (const auto& [k, n] : {std::pair{1, 1},
                               {1, 17},
                               {3, 2},
                               {16, 16},
                               {17, 33},
                               {64, 128},
                               {65, 129},
                               {127, 127},
                               {200, 67},
                               {320, 320}}) {
      take(m, std::int64_t{k}, std::int64_t{n});
    }
  }
  take(300, 599, 600);
  take(257, 600, 257);
  take(9, 3328, 512);
}

/// Calls `take(outputs, activation, bias, residual)` for each of what may follow a product.
template <typename Take>
void for_each_linear_epilogue(const Take& take) {
  using ops::Activation;
  for (const Activation activation : {Activation::kNone, Activation::kGelu, Activation::kRelu}) {
    for (const bool bias : {false, true}) {
      for (const bool residual : {false, true}) {
        for (const std::int64_t n : {1, 15, 20, 64, 80, 131}) take(n, activation, bias, residual);
      }
    }
  }
}

}  // namespace virnucpro
