// How attention is cut into blocks of threads: the list of tiles, shared memory, and where in a
// matrix each thread's fragments lie. Everything here also runs on the host, where it is tested.
//
// One block computes up to 192 queries of one head of one sequence. Each of its warps has 32 of
// them (16 with the widest heads) and walks over the keys, key_rows() at a time, with the running
// maximum and sum of FlashAttention (arXiv 2205.14135, 2307.08691). Proteins of 500-base chunks
// have about 168 tokens, so one block holds a whole sequence, and keys and values are read, and
// keys rotated, once.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/cuda/host_device.h"
#include "ops/sequences.h"

namespace virnucpro::cuda {

inline constexpr int kWarpSize = 32;
inline constexpr int kInstructionRows = 16;  // of the matrix instruction m16n8k16
inline constexpr int kMostAttentionWarps = 6;
/// A row of shared memory has eight elements more than it needs: rows that a matrix load reads
/// together then start in different banks.
inline constexpr int kRowPadding = 8;
/// The widest head that the tensor core kernel can compute.
inline constexpr int kWidestHead = 128;
/// What every block may use without asking the driver for more.
inline constexpr int kSharedMemoryLimit = 48 * 1024;
/// Pairs of tiles of keys and values: one pair is computed while the next one is copied.
inline constexpr int kKeyBuffers = 2;

/// Keys of one tile. Wide heads have few, so that registers and shared memory leave room for
/// another block.
VIRNUCPRO_HOST_DEVICE constexpr int key_rows(int padded_width) {
  return padded_width > 32 ? 32 : 64;
}

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

/// How many times kInstructionRows one warp computes with the same keys. Two halve what is read
/// from shared memory, where registers can hold them.
VIRNUCPRO_HOST_DEVICE constexpr int row_tiles(int padded_width) {
  return padded_width > 64 ? 1 : 2;
}
VIRNUCPRO_HOST_DEVICE constexpr int warp_rows(int padded_width) {
  return row_tiles(padded_width) * kInstructionRows;
}

/// Warps of a block for sequences of at most `longest` rows: as many as have queries.
constexpr int attention_warps(std::int64_t longest, int padded_width) {
  const std::int64_t needed = (longest + warp_rows(padded_width) - 1) / warp_rows(padded_width);
  return static_cast<int>(needed < 1                     ? 1
                          : needed > kMostAttentionWarps ? kMostAttentionWarps
                                                         : needed);
}

/// Elements from one row of a tile to the next.
VIRNUCPRO_HOST_DEVICE constexpr int tile_stride(int padded_width) {
  return padded_width + kRowPadding;
}

/// Elements of one tile of keys, and of one of values.
VIRNUCPRO_HOST_DEVICE constexpr int tile_elements(int padded_width) {
  return key_rows(padded_width) * tile_stride(padded_width);
}

/// Bytes of shared memory of one block: pairs of tiles of keys and values. The queries begin where
/// the second pair does, and are in registers before it comes.
VIRNUCPRO_HOST_DEVICE constexpr int attention_shared_bytes(int padded_width) {
  const int pair = 2 * tile_elements(padded_width);
  const int queries = kMostAttentionWarps * warp_rows(padded_width) * tile_stride(padded_width);
  return (pair + (queries > pair ? queries : pair)) * 2;
}
static_assert(attention_shared_bytes(16) <= kSharedMemoryLimit);
static_assert(attention_shared_bytes(32) <= kSharedMemoryLimit);
static_assert(attention_shared_bytes(64) <= kSharedMemoryLimit);
static_assert(attention_shared_bytes(kWidestHead) <= kSharedMemoryLimit);

/// Keys of the tile from `first_key` on, `tile_rows` at most, rounded up to whole matrix
/// instructions of 16.
VIRNUCPRO_HOST_DEVICE constexpr int keys_to_compute(int length, int first_key, int tile_rows) {
  const int left = length - first_key;
  const int keys = left < tile_rows ? left : tile_rows;
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

/// The place of angle number `j` in a position's row of rotary angles. Threads take `pack` angles
/// each, two at a time; angles that neighbouring threads read together are neighbours.
VIRNUCPRO_HOST_DEVICE constexpr int angle_index(int j, int half, int pack) {
  return pack == 1 ? j : (j % pack / 2 * (half / pack) + j / pack) * 2 + j % 2;
}

/// Elements that a thread moves at once: 8 where width, offsets and halves allow; 4 for heads of 17
/// to 32 columns (ESM-2 35M has 24); else 1.
constexpr int attention_pack(std::int64_t head_width, std::int64_t stride, std::uint64_t address,
                             bool rotary) {
  for (const int pack : {8, 4}) {
    if (pack == 4 && padded_head_width(head_width) != 32) continue;
    const std::int64_t unit = rotary ? 2 * pack : pack;
    if (head_width % unit == 0 && stride % pack == 0 &&
        address % (static_cast<std::uint64_t>(pack) * 2) == 0) {
      return pack;
    }
  }
  return 1;
}

}  // namespace virnucpro::cuda
