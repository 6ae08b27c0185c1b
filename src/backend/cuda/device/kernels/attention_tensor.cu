// Attention on tensor cores; attention_tiling.h says how it is cut. Scores, softmax and sums are
// float32. The probabilities, and queries and keys after their rotation, are rounded to the type of
// the activations.
#include <type_traits>

#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/kernels/matrix_instructions.cuh"

namespace virnucpro::cuda {
namespace {

constexpr float kLog2E = 1.4426950408889634f;

/// Rows of one head on their way to shared memory.
struct Rows {
  const void* first;  // the first row's first column
  std::int64_t stride;
  int count;  // rows that exist
  int tile;   // rows of the tile; beyond those that exist they are zeros
  int width;  // columns that exist
};

/// Calls f(row, column) for each pack that this thread copies of `rows` rows of kSpan columns.
template <int kSpan, int kPack, typename F>
__device__ __forceinline__ void for_own_packs(int rows, F&& f) {
  constexpr int kPacks = kSpan / kPack;
  const int step = static_cast<int>(blockDim.x);
#pragma unroll 2
  for (int pack = static_cast<int>(threadIdx.x); pack < rows * kPacks; pack += step) {
    f(pack / kPacks, pack % kPacks * kPack);
  }
}

template <int kPack, typename T>
__device__ __forceinline__ void copy_pack(T* to, const T* from, bool exists) {
  if constexpr (kPack == 1) {
    *to = exists ? *from : narrow<T>(0.0f);
  } else {
    copy_async<kPack * 2>(to, from, exists);
  }
}

/// Begins to copy a tile. Columns beyond the width keep what they have.
template <int kWidth, int kPack, typename T>
__device__ __forceinline__ void copy_plain(T* tile, const Rows& rows) {
  for_own_packs<kWidth, kPack>(rows.tile, [&](int row, int column) {
    if (column >= rows.width) return;
    const bool exists = row < rows.count;
    copy_pack<kPack>(tile + row * tile_stride(kWidth) + column,
                     static_cast<const T*>(rows.first) + (exists ? row : 0) * rows.stride + column,
                     exists);
  });
}

/// The same for a tile that will be rotated: a thread copies what it will rotate, so that it need
/// not wait for other threads in between.
template <int kWidth, int kPack, typename T>
__device__ __forceinline__ void copy_halves(T* tile, const Rows& rows) {
  const int half = rows.width / 2;
  for_own_packs<kWidth / 2, kPack>(rows.tile, [&](int row, int column) {
    if (column >= half) return;
    const bool exists = row < rows.count;
    T* to = tile + row * tile_stride(kWidth) + column;
    const T* from = static_cast<const T*>(rows.first) + (exists ? row : 0) * rows.stride + column;
    copy_pack<kPack>(to, from, exists);
    copy_pack<kPack>(to + half, from + half, exists);
  });
}

/// Rotates this thread's part of a tile, copied already, whose first row is at `position`.
template <int kWidth, int kPack, typename T>
__device__ __forceinline__ void rotate(T* tile, const Rows& rows, const float2* all_angles,
                                       int position) {
  const int half = rows.width / 2;
  for_own_packs<kWidth / 2, kPack>(rows.tile, [&](int row, int column) {
    if (column >= half || row >= rows.count) return;
    const float2* angles = all_angles + static_cast<std::int64_t>(position + row) * half;
    float cosine[kPack];
    float sine[kPack];
    if constexpr (kPack == 1) {
      const float2 angle = __ldg(angles + column);
      cosine[0] = angle.x;
      sine[0] = angle.y;
    } else {
#pragma unroll
      for (int j = 0; j < kPack; j += 2) {
        const float4 two =
            __ldg(reinterpret_cast<const float4*>(angles + angle_index(column + j, half, kPack)));
        cosine[j] = two.x;
        sine[j] = two.y;
        cosine[j + 1] = two.z;
        sine[j + 1] = two.w;
      }
    }
    T* at = tile + row * tile_stride(kWidth) + column;
    float low[kPack];
    float high[kPack];
    load(at, low);
    load(at + half, high);
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      const float turned = low[j] * cosine[j] - high[j] * sine[j];
      high[j] = high[j] * cosine[j] + low[j] * sine[j];
      low[j] = turned;
    }
    store(at, low);
    store(at + half, high);
  });
}

template <int kWidth, int kPack, typename T>
__device__ __forceinline__ void copy_tile(T* tile, const Rows& rows, bool is_rotated) {
  if (is_rotated) {
    copy_halves<kWidth, kPack>(tile, rows);
  } else {
    copy_plain<kWidth, kPack>(tile, rows);
  }
}

/// The maximum over the four lanes that share a row of an accumulator.
__device__ __forceinline__ float row_max(float v) {
  v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, 1));
  return fmaxf(v, __shfl_xor_sync(0xffffffffu, v, 2));
}
__device__ __forceinline__ float row_sum(float v) {
  v += __shfl_xor_sync(0xffffffffu, v, 1);
  return v + __shfl_xor_sync(0xffffffffu, v, 2);
}

/// A warp's queries in the instruction's order; `first_row` is the warp's first row in the tile.
template <typename T, int kWidth>
__device__ __forceinline__ void load_queries(std::uint32_t (&q)[row_tiles(kWidth)][kWidth / 16][4],
                                             const T* query_tile, int first_row, int lane) {
  constexpr int kStride = tile_stride(kWidth);
#pragma unroll
  for (int m = 0; m < row_tiles(kWidth); ++m) {
    const std::uint32_t rows =
        shared_address(query_tile + (first_row + m * kInstructionRows + left_row(lane)) * kStride +
                       left_column(lane));
#pragma unroll
    for (int d = 0; d < kWidth / 16; ++d) load_matrices(q[m][d], rows + d * 32);
  }
}

/// Products of the warp's queries with 16 keys, which lie `offset` elements behind `address`.
template <typename T, int kWidth>
__device__ __forceinline__ void score_keys(
    float (&scores)[row_tiles(kWidth)][2][4],
    const std::uint32_t (&q)[row_tiles(kWidth)][kWidth / 16][4], std::uint32_t address,
    int offset) {
#pragma unroll
  for (int d = 0; d < kWidth / 16; ++d) {
    std::uint32_t k[4];
    load_matrices(k, address + (offset + d * 16) * 2);
#pragma unroll
    for (int m = 0; m < row_tiles(kWidth); ++m) {
      multiply_add<T>(scores[m][0], q[m][d], k[0], k[1]);
      multiply_add<T>(scores[m][1], q[m][d], k[2], k[3]);
    }
  }
}

/// Calls f(score, row tile, row of two, key) for all scores of 16 keys from `first_key` on.
template <int kRowTiles, typename F>
__device__ __forceinline__ void for_each_score(float (&scores)[kRowTiles][2][4], int lane,
                                               int first_key, F&& f) {
#pragma unroll
  for (int t = 0; t < 2; ++t) {
#pragma unroll
    for (int m = 0; m < kRowTiles; ++m) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        f(scores[m][t][i], m, i / 2, first_key + t * 8 + accumulator_column(lane, i));
      }
    }
  }
}

/// Raises the peaks to the scores of 16 keys, and scales down what was summed below a lower peak.
template <int kRowTiles, int kColumnTiles>
__device__ __forceinline__ void raise_peaks(float (&scores)[kRowTiles][2][4], float late_factor,
                                            float (&peaks)[kRowTiles][2],
                                            float (&totals)[kRowTiles][2],
                                            float (&sums)[kRowTiles][kColumnTiles][4]) {
  float larger[kRowTiles][2];
  bool is_larger = false;
#pragma unroll
  for (int m = 0; m < kRowTiles; ++m) larger[m][0] = larger[m][1] = -INFINITY;
  for_each_score(scores, 0, 0, [&](float& score, int m, int r, int) {
    larger[m][r] = fmaxf(larger[m][r], score);
  });
#pragma unroll
  for (int m = 0; m < kRowTiles; ++m) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      larger[m][r] = fmaxf(peaks[m][r], row_max(larger[m][r]) * late_factor);
      is_larger = is_larger || larger[m][r] > peaks[m][r];
    }
  }
  // Most groups raise no maximum, and a factor of one changes no bit.
  if (!__any_sync(0xffffffffu, is_larger)) return;
#pragma unroll
  for (int m = 0; m < kRowTiles; ++m) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float correction = exp2_short(peaks[m][r] - larger[m][r]);
      peaks[m][r] = larger[m][r];
      totals[m][r] *= correction;
#pragma unroll
      for (int n = 0; n < kColumnTiles; ++n) {
        sums[m][n][2 * r] *= correction;
        sums[m][n][2 * r + 1] *= correction;
      }
    }
  }
}

/// Turns scores into weights, adds these to the totals and packs them to multiply the values.
template <typename T, int kRowTiles>
__device__ __forceinline__ void weigh(float (&scores)[kRowTiles][2][4], float late_factor,
                                      const float (&peaks)[kRowTiles][2],
                                      float (&totals)[kRowTiles][2],
                                      std::uint32_t (&weights)[kRowTiles][4]) {
#pragma unroll
  for (int m = 0; m < kRowTiles; ++m) {
#pragma unroll
    for (int t = 0; t < 2; ++t) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float& score = scores[m][t][i];
        score = exp2_short(fmaf(score, late_factor, -peaks[m][i / 2]));
        totals[m][i / 2] += score;
      }
      weights[m][2 * t] = pack_pair<T>(scores[m][t][0], scores[m][t][1]);
      weights[m][2 * t + 1] = pack_pair<T>(scores[m][t][2], scores[m][t][3]);
    }
  }
}

/// Adds the weighted values of 16 keys, which lie `offset` elements behind `address`.
template <typename T, int kWidth>
__device__ __forceinline__ void add_values(float (&sums)[row_tiles(kWidth)][kWidth / 8][4],
                                           const std::uint32_t (&weights)[row_tiles(kWidth)][4],
                                           std::uint32_t address, int offset) {
#pragma unroll
  for (int d = 0; d < kWidth / 16; ++d) {
    std::uint32_t v[4];
    load_transposed(v, address + (offset + d * 16) * 2);
#pragma unroll
    for (int m = 0; m < row_tiles(kWidth); ++m) {
      multiply_add<T>(sums[m][2 * d], weights[m], v[0], v[1]);
      multiply_add<T>(sums[m][2 * d + 1], weights[m], v[2], v[3]);
    }
  }
}

/// Writes the sums over their totals to `output`, where the warp's rows begin at `first_row`.
template <typename T, int kWidth>
__device__ __forceinline__ void write_rows(const float (&sums)[row_tiles(kWidth)][kWidth / 8][4],
                                           const float (&totals)[row_tiles(kWidth)][2], T* output,
                                           std::int64_t stride, int first_row, int row_count,
                                           int head_width, bool has_pairs, int lane) {
#pragma unroll
  for (int m = 0; m < row_tiles(kWidth); ++m) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float scale = 1.0f / row_sum(totals[m][r]);
      const int row = first_row + m * kInstructionRows + r * 8;
      if (row >= row_count) continue;
      T* to = output + row * stride;
#pragma unroll
      for (int n = 0; n < kWidth / 8; ++n) {
        const int column = n * 8 + accumulator_column(lane, 0);
        const float low = sums[m][n][2 * r] * scale;
        const float high = sums[m][n][2 * r + 1] * scale;
        if (has_pairs) {
          if (column < head_width) {
            *reinterpret_cast<std::uint32_t*>(to + column) = pack_pair<T>(low, high);
          }
        } else {
          if (column < head_width) to[column] = narrow<T>(low);
          if (column + 1 < head_width) to[column + 1] = narrow<T>(high);
        }
      }
    }
  }
}

/// kPack: elements of one copy; `has_pairs`: outputs may be written two at a time.
template <typename T, int kWidth, int kPack>
__global__ void __launch_bounds__(kMostAttentionWarps* kWarpSize, 2)
    attend(const AttentionArguments op, const bool has_pairs) {
  constexpr int kStride = tile_stride(kWidth);
  constexpr int kDepths = kWidth / 16;
  constexpr int kKeyRows = key_rows(kWidth);
  constexpr int kTile = tile_elements(kWidth);
  constexpr int kRowTiles = row_tiles(kWidth);
  __shared__ __align__(16) unsigned char shared[attention_shared_bytes(kWidth)];
  T* const tiles = reinterpret_cast<T*>(shared);

  const AttentionTile tile = op.tiles[blockIdx.y];
  const std::int64_t head = blockIdx.x;
  const int lane = static_cast<int>(threadIdx.x % kWarpSize);
  const int warp_row = static_cast<int>(threadIdx.x / kWarpSize) * warp_rows(kWidth);
  const std::int64_t width = op.heads * op.head_width;  // columns of the queries
  const auto head_width = static_cast<int>(op.head_width);
  const T* first =
      static_cast<const T*>(op.qkv.data) + tile.first_row * op.qkv.stride + head * op.head_width;
  const bool is_rotated = op.angles != nullptr;
  const auto rows_from = [&](int row, int column_block, int rows) {
    return Rows{first + row * op.qkv.stride + column_block * width, op.qkv.stride,
                min(rows, tile.length - row), rows, head_width};
  };
  const auto begin_keys = [&](int first_key) {
    const int rows = keys_to_compute(tile.length, first_key, kKeyRows);
    T* keys = tiles + first_key / kKeyRows % kKeyBuffers * 2 * kTile;
    copy_tile<kWidth, kPack>(keys, rows_from(first_key, 1, rows), is_rotated);
    copy_tile<kWidth, kPack>(keys + kTile, rows_from(first_key, 2, rows), false);
  };

  if (head_width < kWidth) {  // no copy reaches these columns
    constexpr int kElements = attention_shared_bytes(kWidth) / 2;
    for (int i = static_cast<int>(threadIdx.x); i < kElements; i += static_cast<int>(blockDim.x)) {
      if (i % kStride >= head_width) tiles[i] = narrow<T>(0.0f);
    }
  }
  T* const query_tile = tiles + 2 * kTile;
  const int query_rows = static_cast<int>(blockDim.x) / kWarpSize * warp_rows(kWidth);
  const Rows queries = rows_from(tile.first_query, 0, query_rows);
  copy_tile<kWidth, kPack>(query_tile, queries, is_rotated);
  begin_keys(0);
  wait_for_copies();
  if (is_rotated) rotate<kWidth, kPack>(query_tile, queries, op.angles, tile.first_query);
  __syncthreads();
  const bool is_active = warp_row < queries.count;
  std::uint32_t q[kRowTiles][kDepths][4];
  load_queries<T, kWidth>(q, query_tile, warp_row, lane);

  // 2^x instead of e^x. The factor is applied together with the subtraction of the maximum, unless
  // a bias comes in between (or the factor would turn the order of the scores around).
  const float factor = op.scale * kLog2E;
  const bool is_scaled_first = op.slopes != nullptr || !(factor > 0.0f);
  const float slope = op.slopes == nullptr ? 0.0f : op.slopes[head] * kLog2E;
  const float late_factor = is_scaled_first ? 1.0f : factor;
  float sums[kRowTiles][kWidth / 8][4] = {};
  float peaks[kRowTiles][2];        // the largest score times late_factor
  float totals[kRowTiles][2] = {};  // of this lane's columns
#pragma unroll
  for (int m = 0; m < kRowTiles; ++m) peaks[m][0] = peaks[m][1] = -INFINITY;
  const int query = tile.first_query + warp_row + accumulator_row(lane, 0);

  // Addresses, in bytes, of this lane's rows in the first pair of tiles.
  const std::uint32_t key_address =
      shared_address(tiles + key_row(lane) * kStride + key_column(lane));
  const std::uint32_t value_address =
      shared_address(tiles + kTile + value_row(lane) * kStride + value_column(lane));

  for (int first_key = 0; first_key < tile.length; first_key += kKeyRows) {
    const int pair = first_key / kKeyRows % kKeyBuffers * 2 * kTile;
    const int rows = keys_to_compute(tile.length, first_key, kKeyRows);
    wait_for_copies();
    if (is_rotated)
      rotate<kWidth, kPack>(tiles + pair, rows_from(first_key, 1, rows), op.angles, first_key);
    // All threads see this tile now, and none still reads the other pair or the queries.
    __syncthreads();
    if (first_key + kKeyRows < tile.length) {
      begin_keys(first_key + kKeyRows);
      commit_copies();
    }
    if (!is_active) continue;

#pragma unroll 1  // two at once would not fit the registers
    for (int g = 0; g < rows; g += 16) {
      float scores[kRowTiles][2][4] = {};
      score_keys<T, kWidth>(scores, q, key_address, pair + g * kStride);
      if (is_scaled_first) {
        for_each_score(scores, lane, first_key + g, [&](float& score, int m, int r, int key) {
          const float distance = static_cast<float>(query + m * kInstructionRows + r * 8 - key);
          score = fmaf(score, factor, -slope * fabsf(distance));
        });
      }
      if (first_key + g + 16 > tile.length) {
        for_each_score(scores, lane, first_key + g, [&](float& score, int, int, int key) {
          if (key >= tile.length) score = -INFINITY;
        });
      }
      raise_peaks(scores, late_factor, peaks, totals, sums);
      std::uint32_t weights[kRowTiles][4];
      weigh<T>(scores, late_factor, peaks, totals, weights);
      add_values<T, kWidth>(sums, weights, value_address, pair + g * kStride);
    }
  }
  if (!is_active) return;

  T* output =
      static_cast<T*>(op.output.data) + tile.first_row * op.output.stride + head * op.head_width;
  write_rows<T, kWidth>(sums, totals, output, op.output.stride, query, tile.length, head_width,
                        has_pairs, lane);
}

template <typename T, int kWidth, int kPack>
void launch(const AttentionArguments& op, bool has_pairs, cudaStream_t stream) {
  // Heads vary fastest: blocks that run together read neighbouring columns of the same rows.
  const auto heads = static_cast<unsigned>(op.heads);
  constexpr std::int64_t kMostTiles = 65535;  // of a grid's second dimension
  for (std::int64_t first = 0; first < op.tile_count; first += kMostTiles) {
    AttentionArguments part = op;
    part.tiles += first;
    const std::int64_t left = op.tile_count - first;
    const dim3 grid(heads, static_cast<unsigned>(left < kMostTiles ? left : kMostTiles));
    attend<T, kWidth, kPack><<<grid, op.warps * kWarpSize, 0, stream>>>(part, has_pairs);
  }
}

/// Packs of four serve heads of 24 columns, whose halves are no whole packs of eight.
template <typename T>
void launch(const AttentionArguments& op, bool has_pairs, cudaStream_t stream) {
  switch (padded_head_width(op.head_width)) {
    case 16:
      return op.pack == 8 ? launch<T, 16, 8>(op, has_pairs, stream)
                          : launch<T, 16, 1>(op, has_pairs, stream);
    case 32:
      return op.pack == 8   ? launch<T, 32, 8>(op, has_pairs, stream)
             : op.pack == 4 ? launch<T, 32, 4>(op, has_pairs, stream)
                            : launch<T, 32, 1>(op, has_pairs, stream);
    case 64:
      return op.pack == 8 ? launch<T, 64, 8>(op, has_pairs, stream)
                          : launch<T, 64, 1>(op, has_pairs, stream);
    default:
      return op.pack == 8 ? launch<T, 128, 8>(op, has_pairs, stream)
                          : launch<T, 128, 1>(op, has_pairs, stream);
  }
}

}  // namespace

void launch_attention_tensor(const AttentionArguments& op, cudaStream_t stream) {
  if (op.tile_count == 0 || op.heads == 0 || op.head_width == 0) return;
  const bool has_pairs = op.head_width % 2 == 0 && op.output.stride % 2 == 0 &&
                         reinterpret_cast<std::uintptr_t>(op.output.data) % 4 == 0;
  if (op.qkv.type == DataType::kFloat16) {
    launch<__half>(op, has_pairs, stream);
  } else {
    launch<__nv_bfloat16>(op, has_pairs, stream);
  }
}

}  // namespace virnucpro::cuda
