// Kernels that look at every element of a matrix once, a pack of them at a time.
#pragma once

#include <cstdint>

namespace virnucpro::cuda {

constexpr int kPackThreads = 256;  ///< of their blocks

/// Which packs of a matrix [rows, columns / kPack] a thread takes: one after the other over the
/// whole matrix, so that short rows fill the blocks, too.
template <int kPack, typename F>
__device__ __forceinline__ void for_each_pack(std::int64_t rows, std::int64_t columns, F&& f) {
  const std::int64_t packs = columns / kPack;
  const std::int64_t total = rows * packs;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kPackThreads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kPackThreads + threadIdx.x;
       i < total; i += step) {
    f(i / packs, i % packs * kPack);
  }
}

/// Enough blocks for every multiprocessor of the largest devices, and no more than there is work.
inline unsigned blocks_of(std::int64_t rows, std::int64_t columns, int pack) {
  constexpr std::int64_t kMostBlocks = 1 << 16;
  const std::int64_t blocks = (rows * (columns / pack) + kPackThreads - 1) / kPackThreads;
  return static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks);
}

}  // namespace virnucpro::cuda
