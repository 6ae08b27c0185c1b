// Counts of records over two values: the clouds of report.html, in fixed memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace virnucpro {

/// Cells over length and GC, each against a value from 0 to 1 (score or probability).
class Density {
 public:
  // Quarter octaves of the length, so that 1 kb to 2 kb is four cells wide.
  static constexpr std::size_t kLengths = 28 * 4;
  static constexpr std::size_t kGc = 50;
  static constexpr std::size_t kValues = 40;

  void add(std::uint64_t length, const std::optional<double>& gc, double value);

  /// Cell [x * kValues + y].
  const std::array<std::uint64_t, kLengths * kValues>& by_length() const { return by_length_; }
  const std::array<std::uint64_t, kGc * kValues>& by_gc() const { return by_gc_; }

 private:
  std::array<std::uint64_t, kLengths * kValues> by_length_{};
  std::array<std::uint64_t, kGc * kValues> by_gc_{};
};

}  // namespace virnucpro
