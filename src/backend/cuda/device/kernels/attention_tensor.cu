// Attention on tensor cores: see attention_tiling.h for how it is cut. Scores, softmax and sums are
// float32; the probabilities, and queries and keys after their rotation, are rounded to the type of
// the activations.
#include <type_traits>

#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/kernels/matrix_instructions.cuh"

namespace virnucpro::cuda {
namespace {

constexpr float kLog2E = 1.4426950408889634f;

/// Rows of one head on their way to shared memory. `from` points to the first one's first column.
struct TileSource {
  std::int64_t stride;
  int width;             // columns there are; the tile is filled up with zeros
  const float2* angles;  // null: no rotation
};

/// `rows` rows of the tile, of which `valid` exist.
template <int kPack, int kWidth, typename T>
__device__ __forceinline__ void load_plain(T* tile, const T* from, const TileSource& source,
                                           int rows, int valid) {
  constexpr int kPacks = kWidth / kPack;
  for (int i = static_cast<int>(threadIdx.x); i < rows * kPacks; i += kAttentionThreads) {
    const int row = i / kPacks;
    const int column = i % kPacks * kPack;
    float v[kPack] = {};
    if (row < valid && column < source.width) load(from + row * source.stride + column, v);
    store(tile + row * tile_stride(kWidth) + column, v);
  }
}

/// The same with rotary positions, the first row being at `position`.
template <int kPack, int kWidth, typename T>
__device__ __forceinline__ void load_rotated(T* tile, const T* from, const TileSource& source,
                                             int rows, int valid, int position) {
  const int half = source.width / 2;
  const int packs = half / kPack;
  for (int i = static_cast<int>(threadIdx.x); i < rows * packs; i += kAttentionThreads) {
    const int row = i / packs;
    const int column = i % packs * kPack;
    float low[kPack] = {};
    float high[kPack] = {};
    if (row < valid) {
      const T* at = from + row * source.stride + column;
      load(at, low);
      load(at + half, high);
      const float2* angles = source.angles + static_cast<std::int64_t>(position + row) * half;
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        const float2 angle = __ldg(angles + column + j);
        const float turned = low[j] * angle.x - high[j] * angle.y;
        high[j] = high[j] * angle.x + low[j] * angle.y;
        low[j] = turned;
      }
    }
    T* to = tile + row * tile_stride(kWidth) + column;
    store(to, low);
    store(to + half, high);
  }
  if (source.width == kWidth) return;
  const int gap = kWidth - source.width;
  for (int i = static_cast<int>(threadIdx.x); i < rows * gap; i += kAttentionThreads) {
    tile[i / gap * tile_stride(kWidth) + source.width + i % gap] = narrow<T>(0.0f);
  }
}

template <int kWidth, typename T>
__device__ __forceinline__ void load_tile(T* tile, const T* from, const TileSource& source,
                                          int rows, int valid, int position, int pack,
                                          bool is_rotated) {
  // The same for all threads of the launch: no lanes part ways here.
  if (is_rotated) {
    if (pack == 8) return load_rotated<8, kWidth>(tile, from, source, rows, valid, position);
    if (pack == 4) return load_rotated<4, kWidth>(tile, from, source, rows, valid, position);
    return load_rotated<1, kWidth>(tile, from, source, rows, valid, position);
  }
  if (pack == 8) return load_plain<8, kWidth>(tile, from, source, rows, valid);
  if (pack == 4) return load_plain<4, kWidth>(tile, from, source, rows, valid);
  return load_plain<1, kWidth>(tile, from, source, rows, valid);
}

/// The four lanes that share a row of an accumulator.
__device__ __forceinline__ float row_max(float v) {
  v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, 1));
  return fmaxf(v, __shfl_xor_sync(0xffffffffu, v, 2));
}
__device__ __forceinline__ float row_sum(float v) {
  v += __shfl_xor_sync(0xffffffffu, v, 1);
  return v + __shfl_xor_sync(0xffffffffu, v, 2);
}

/// `pack`: elements of one load; `has_pairs`: outputs may be written two at a time.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kAttentionThreads)
    attend(const AttentionArguments op, const int pack, const bool has_pairs) {
  constexpr int kStride = tile_stride(kWidth);
  constexpr int kDepths = kWidth / 16;
  constexpr int kKeyGroups = kKeyRows / 16;
  __shared__ __align__(16) unsigned char shared[attention_shared_bytes(kWidth)];
  T* keys = reinterpret_cast<T*>(shared);
  T* values = keys + kKeyRows * kStride;

  const AttentionTile tile = op.tiles[blockIdx.y];
  const std::int64_t head = blockIdx.x;
  const int lane = static_cast<int>(threadIdx.x % kWarpSize);
  const int warp_row = static_cast<int>(threadIdx.x / kWarpSize) * kWarpRows;
  const std::int64_t width = op.heads * op.head_width;  // columns of the queries
  const T* first =
      static_cast<const T*>(op.qkv.data) + tile.first_row * op.qkv.stride + head * op.head_width;
  const TileSource source{op.qkv.stride, static_cast<int>(op.head_width), op.angles};
  const bool is_rotated = op.angles != nullptr;

  const int queries = min(kQueryRows, tile.length - tile.first_query);
  const int query_rows = (queries + kWarpRows - 1) / kWarpRows * kWarpRows;
  load_tile<kWidth>(keys, first + tile.first_query * op.qkv.stride, source, query_rows, queries,
                    tile.first_query, pack, is_rotated);
  __syncthreads();
  const bool is_active = warp_row < queries;
  std::uint32_t q[kDepths][4];
  if (is_active) {
#pragma unroll
    for (int d = 0; d < kDepths; ++d) {
      load_matrices(q[d],
                    keys + (warp_row + left_row(lane)) * kStride + d * 16 + left_column(lane));
    }
  }

  const float factor = op.scale * kLog2E;
  const float slope = op.slopes == nullptr ? 0.0f : op.slopes[head] * kLog2E;
  float sums[kWidth / 8][4] = {};
  float largest[2] = {-INFINITY, -INFINITY};
  float totals[2] = {0.0f, 0.0f};  // of this lane's columns
  const int query = tile.first_query + warp_row + accumulator_row(lane, 0);

  for (int first_key = 0; first_key < tile.length; first_key += kKeyRows) {
    const int rows = keys_to_compute(tile.length, first_key);
    const int valid = min(kKeyRows, tile.length - first_key);
    const T* row = first + first_key * op.qkv.stride;
    __syncthreads();  // the tiles before are no longer read
    load_tile<kWidth>(keys, row + width, source, rows, valid, first_key, pack, is_rotated);
    load_tile<kWidth>(values, row + 2 * width, source, rows, valid, first_key, pack, false);
    __syncthreads();
    if (!is_active) continue;

    float scores[2 * kKeyGroups][4];
    float larger[2] = {largest[0], largest[1]};
#pragma unroll
    for (int g = 0; g < kKeyGroups; ++g) {
      if (g * 16 >= rows) break;
#pragma unroll
      for (int i = 0; i < 4; ++i) scores[2 * g][i] = scores[2 * g + 1][i] = 0.0f;
#pragma unroll
      for (int d = 0; d < kDepths; ++d) {
        std::uint32_t k[4];
        load_matrices(k, keys + (g * 16 + key_row(lane)) * kStride + d * 16 + key_column(lane));
        multiply_add<T>(scores[2 * g], q[d], k[0], k[1]);
        multiply_add<T>(scores[2 * g + 1], q[d], k[2], k[3]);
      }
#pragma unroll
      for (int t = 2 * g; t < 2 * g + 2; ++t) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int key = first_key + t * 8 + accumulator_column(lane, i);
          const int distance = abs(query + (i / 2) * 8 - key);
          const float score = fmaf(scores[t][i], factor, -slope * static_cast<float>(distance));
          scores[t][i] = key < tile.length ? score : -INFINITY;
          larger[i / 2] = fmaxf(larger[i / 2], scores[t][i]);
        }
      }
    }
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      larger[r] = row_max(larger[r]);
      const float correction = exp2_short(largest[r] - larger[r]);
      largest[r] = larger[r];
      totals[r] *= correction;
#pragma unroll
      for (int n = 0; n < kWidth / 8; ++n) {
        sums[n][2 * r] *= correction;
        sums[n][2 * r + 1] *= correction;
      }
    }
#pragma unroll
    for (int g = 0; g < kKeyGroups; ++g) {
      if (g * 16 >= rows) break;
#pragma unroll
      for (int t = 2 * g; t < 2 * g + 2; ++t) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          scores[t][i] = exp2_short(scores[t][i] - largest[i / 2]);
          totals[i / 2] += scores[t][i];
        }
      }
      const std::uint32_t p[4] = {pack_pair<T>(scores[2 * g][0], scores[2 * g][1]),
                                  pack_pair<T>(scores[2 * g][2], scores[2 * g][3]),
                                  pack_pair<T>(scores[2 * g + 1][0], scores[2 * g + 1][1]),
                                  pack_pair<T>(scores[2 * g + 1][2], scores[2 * g + 1][3])};
#pragma unroll
      for (int d = 0; d < kDepths; ++d) {
        std::uint32_t v[4];
        load_transposed(
            v, values + (g * 16 + value_row(lane)) * kStride + d * 16 + value_column(lane));
        multiply_add<T>(sums[2 * d], p, v[0], v[1]);
        multiply_add<T>(sums[2 * d + 1], p, v[2], v[3]);
      }
    }
  }
  if (!is_active) return;

  T* output =
      static_cast<T*>(op.output.data) + tile.first_row * op.output.stride + head * op.head_width;
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const float scale = 1.0f / row_sum(totals[r]);
    if (query + r * 8 >= tile.length) continue;
    T* to = output + (query + r * 8) * op.output.stride;
#pragma unroll
    for (int n = 0; n < kWidth / 8; ++n) {
      const int column = n * 8 + accumulator_column(lane, 0);
      const float low = sums[n][2 * r] * scale;
      const float high = sums[n][2 * r + 1] * scale;
      if (has_pairs) {
        if (column < source.width) {
          *reinterpret_cast<std::uint32_t*>(to + column) = pack_pair<T>(low, high);
        }
      } else {
        if (column < source.width) to[column] = narrow<T>(low);
        if (column + 1 < source.width) to[column + 1] = narrow<T>(high);
      }
    }
  }
}

template <typename T>
void launch(const AttentionArguments& op, int pack, bool has_pairs, cudaStream_t stream) {
  // Heads first: the blocks that run together read neighbouring columns of the same rows.
  const auto heads = static_cast<unsigned>(op.heads);
  constexpr std::int64_t kMostTiles = 65535;  // of a grid's second dimension
  for (std::int64_t first = 0; first < op.tile_count; first += kMostTiles) {
    AttentionArguments part = op;
    part.tiles += first;
    const std::int64_t left = op.tile_count - first;
    const dim3 grid(heads, static_cast<unsigned>(left < kMostTiles ? left : kMostTiles));
    switch (padded_head_width(op.head_width)) {
      case 16:
        attend<T, 16><<<grid, kAttentionThreads, 0, stream>>>(part, pack, has_pairs);
        break;
      case 32:
        attend<T, 32><<<grid, kAttentionThreads, 0, stream>>>(part, pack, has_pairs);
        break;
      case 64:
        attend<T, 64><<<grid, kAttentionThreads, 0, stream>>>(part, pack, has_pairs);
        break;
      default:
        attend<T, 128><<<grid, kAttentionThreads, 0, stream>>>(part, pack, has_pairs);
        break;
    }
  }
}

}  // namespace

void launch_attention_tensor(const AttentionArguments& op, cudaStream_t stream) {
  if (op.tile_count == 0 || op.heads == 0 || op.head_width == 0) return;
  const int pack =
      attention_pack(op.head_width, op.qkv.stride, reinterpret_cast<std::uintptr_t>(op.qkv.data),
                     op.angles != nullptr);
  const bool has_pairs = op.head_width % 2 == 0 && op.output.stride % 2 == 0 &&
                         reinterpret_cast<std::uintptr_t>(op.output.data) % 4 == 0;
  if (op.qkv.type == DataType::kFloat16) {
    launch<__half>(op, pack, has_pairs, stream);
  } else {
    launch<__nv_bfloat16>(op, pack, has_pairs, stream);
  }
}

}  // namespace virnucpro::cuda
