// Where the pieces in use lie in one large block of memory; touches no memory itself.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

namespace virnucpro::cuda {

/// Hands out ranges of [0, capacity), each beginning at a multiple of kAlignment. It takes the
/// smallest free range that fits, and joins neighbours that are free. Not thread-safe.
class Arena {
 public:
  static constexpr std::size_t kAlignment = 256;  // what cudaMalloc promises

  explicit Arena(std::size_t capacity);

  /// The offset of `bytes` bytes; nothing when no free range holds them.
  std::optional<std::size_t> take(std::size_t bytes);
  /// Frees the range at `offset`. Throws ContractError unless take() gave it.
  void give_back(std::size_t offset);

  std::size_t capacity() const { return capacity_; }
  std::size_t used() const { return used_; }
  std::size_t peak() const { return peak_; }
  void restart_peak() { peak_ = used_; }
  /// The largest piece that take() would give now.
  std::size_t largest_free() const;

 private:
  std::size_t capacity_;
  std::size_t used_ = 0;
  std::size_t peak_ = 0;
  std::map<std::size_t, std::size_t> free_;   // bytes by offset
  std::map<std::size_t, std::size_t> taken_;  // bytes by offset
};

}  // namespace virnucpro::cuda
