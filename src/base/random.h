// Random numbers that are the same on every system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace virnucpro {

/// The generator is laid down by the standard; its distributions are not, hence these. Copies go on
/// alike.
class Random {
 public:
  explicit Random(std::uint64_t seed) : generator_(seed) {}

  std::uint64_t bits() { return generator_(); }

  /// Within [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

  /// The bias of the remainder is below bound / 2^64.
  std::uint64_t below(std::uint64_t bound) { return bits() % bound; }

  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::mt19937_64 generator_;
};

}  // namespace virnucpro
