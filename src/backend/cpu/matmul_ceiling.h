// What this processor can multiply at best: the yardstick that `virnucpro bench` holds models to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "tensor/precision.h"

namespace virnucpro {

/// A product [tokens, inputs] x [inputs, outputs] that a model has `count` times.
struct MatmulShape {
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  std::int64_t count = 1;
};

struct MatmulCeiling {
  /// The best way that was found for one shape.
  struct Product {
    MatmulShape shape;
    double flops_per_second = 0.0;
    std::string way;  ///< for people: "oneDNN float32, packed weights"
  };
  std::vector<Product> products;  ///< in the order of the shapes asked for

  /// The rate over all products, each counted as often as its `count` says.
  double flops_per_second() const;
};

/// The best rate of bare products (no bias, no activation) of `shapes` over all ways that suit
/// `precision`: oneDNN, where every worker multiplies a thousand rows of its own at a time, and the
/// dense layer of `backends`, which work side by side and have `threads` threads together. Each way
/// gets about `seconds`; the best of its runs counts. `known` is an earlier result of the same
/// call, or null: only the ways that were best there are measured again. `backends` must be idle.
/// Throws Interrupted once `stop` is requested.
MatmulCeiling measure_matmul_ceiling(Precision precision, std::span<Backend* const> backends,
                                     std::size_t threads, std::span<const MatmulShape> shapes,
                                     double seconds, const MatmulCeiling* known = nullptr,
                                     const std::stop_token& stop = {});

}  // namespace virnucpro
