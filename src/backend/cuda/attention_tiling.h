// How attention is cut into blocks of threads: the list of tiles, shared memory, and where in a
// matrix each thread's fragments lie. Everything here also runs on the host, where it is tested.
//
// One block computes kQueryRows queries of one head, one warp kWarpRows of them, and walks over the
// keys kKeyRows at a time with the running maximum and sum of FlashAttention (arXiv 2205.14135,
// 2307.08691). 64 rather than 128 rows: proteins of 500-base chunks have about 168 tokens, of which
// tiles of 128 would waste a third.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/cuda/host_device.h"
#include "ops/sequences.h"

namespace virnucpro::cuda {

inline constexpr int kWarpSize = 32;
inline constexpr int kAttentionWarps = 4;
inline constexpr int kWarpRows = 16;  // of the matrix instruction m16n8k16
inline constexpr int kQueryRows = kAttentionWarps * kWarpRows;
inline constexpr int kKeyRows = 64;
inline constexpr int kAttentionThreads = kAttentionWarps * kWarpSize;
/// Eight more elements in a row of shared memory: rows that a matrix load reads together then start
/// in different banks.
inline constexpr int kRowPadding = 8;
/// The widest head of the tensor core kernel.
inline constexpr int kWidestHead = 128;
/// What every block may use without asking the driver for more.
inline constexpr int kSharedMemoryLimit = 48 * 1024;

/// One block's queries: rows [first_row + first_query, ...) of a sequence of `length` rows.
struct AttentionTile {
  std::int32_t first_row;
  std::int32_t length;
  std::int32_t first_query;
};

/// Tiles of all sequences, in order; none of them is only padding. `query_rows` queries each.
std::vector<AttentionTile> attention_tiles(const ops::Sequences& sequences, int query_rows);

/// The smallest compiled width that holds `head_width`; 0: none does.
constexpr int padded_head_width(std::int64_t head_width) {
  if (head_width > kWidestHead) return 0;
  return head_width <= 16 ? 16 : head_width <= 32 ? 32 : head_width <= 64 ? 64 : 128;
}

/// Elements from one row of a tile to the next.
VIRNUCPRO_HOST_DEVICE constexpr int tile_stride(int padded_width) {
  return padded_width + kRowPadding;
}

/// Bytes of shared memory of one block: keys and values, of which the queries take the room first.
constexpr int attention_shared_bytes(int padded_width) {
  return 2 * kKeyRows * tile_stride(padded_width) * 2;
}
static_assert(kQueryRows <= 2 * kKeyRows, "the queries are loaded where the keys and values go");
static_assert(attention_shared_bytes(kWidestHead) <= kSharedMemoryLimit);

/// Keys of the tile from `first_key` on, rounded up to whole matrix instructions of 16.
VIRNUCPRO_HOST_DEVICE constexpr int keys_to_compute(int length, int first_key) {
  const int left = length - first_key;
  const int keys = left < kKeyRows ? left : kKeyRows;
  return (keys + 15) / 16 * 16;
}

/// m16n8k16 (PTX ISA, "Matrix Fragments"): the row of accumulator `i` of 4 that lane `lane`
/// holds...
VIRNUCPRO_HOST_DEVICE constexpr int accumulator_row(int lane, int i) {
  return lane / 4 + (i / 2) * 8;
}
/// ... and its column of 8.
VIRNUCPRO_HOST_DEVICE constexpr int accumulator_column(int lane, int i) {
  return (lane % 4) * 2 + i % 2;
}

/// ldmatrix.x4 takes row addresses from all lanes, eight per 8x8 matrix. For a 16x16 operand A: the
/// row and first column that `lane` names, matrices in the order of A's registers.
VIRNUCPRO_HOST_DEVICE constexpr int left_row(int lane) { return lane % 16; }
VIRNUCPRO_HOST_DEVICE constexpr int left_column(int lane) { return lane / 16 * 8; }
/// For two operands B side by side (16 keys), 16 deep, from rows that are keys.
VIRNUCPRO_HOST_DEVICE constexpr int key_row(int lane) { return lane % 8 + lane / 16 * 8; }
VIRNUCPRO_HOST_DEVICE constexpr int key_column(int lane) { return lane / 8 % 2 * 8; }
/// For two operands B side by side (16 columns), 16 deep, from rows that are keys, transposed.
VIRNUCPRO_HOST_DEVICE constexpr int value_row(int lane) { return lane % 16; }
VIRNUCPRO_HOST_DEVICE constexpr int value_column(int lane) { return lane / 16 * 8; }

/// Elements that a thread moves at once: 8 or 4 where width, offsets and halves allow, else 1.
constexpr int attention_pack(std::int64_t head_width, std::int64_t stride, std::uint64_t address,
                             bool rotary) {
  for (const int pack : {8, 4}) {
    const std::int64_t unit = rotary ? 2 * pack : pack;
    if (head_width % unit == 0 && stride % pack == 0 &&
        address % (static_cast<std::uint64_t>(pack) * 2) == 0) {
      return pack;
    }
  }
  return 1;
}

}  // namespace virnucpro::cuda
