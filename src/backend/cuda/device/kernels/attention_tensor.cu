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

/// Rows of one head on their way to shared memory.
struct Rows {
  const void* first;  // the first row's first column
  std::int64_t stride;
  int count;  // rows that exist; as many as the tile has beyond them are zeros
  int width;  // columns that exist
};

/// The packs that this thread copies of a tile of kRows rows: f(row, column) for each. kSpan
/// columns.
template <int kRows, int kSpan, int kPack, typename F>
__device__ __forceinline__ void for_own_packs(F&& f) {
  constexpr int kPacks = kSpan / kPack;
  constexpr int kEach = (kRows * kPacks + kAttentionThreads - 1) / kAttentionThreads;
  // All copies of a thread are in flight together; single elements, which no model has, are many.
  constexpr int kUnrolled = kPack == 1 ? 1 : kEach;
#pragma unroll kUnrolled
  for (int i = 0; i < kEach; ++i) {
    const int pack = i * kAttentionThreads + static_cast<int>(threadIdx.x);
    if (kRows * kPacks % kAttentionThreads != 0 && pack >= kRows * kPacks) break;
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
template <int kRows, int kWidth, int kPack, typename T>
__device__ __forceinline__ void copy_plain(T* tile, const Rows& rows) {
  for_own_packs<kRows, kWidth, kPack>([&](int row, int column) {
    if (column >= rows.width) return;
    const bool exists = row < rows.count;
    copy_pack<kPack>(tile + row * tile_stride(kWidth) + column,
                     static_cast<const T*>(rows.first) + (exists ? row : 0) * rows.stride + column,
                     exists);
  });
}

/// The same for a tile that will be rotated: a thread copies what it will rotate, so that it need
/// not wait for others in between.
template <int kRows, int kWidth, int kPack, typename T>
__device__ __forceinline__ void copy_halves(T* tile, const Rows& rows) {
  const int half = rows.width / 2;
  for_own_packs<kRows, kWidth / 2, kPack>([&](int row, int column) {
    if (column >= half) return;
    const bool exists = row < rows.count;
    T* to = tile + row * tile_stride(kWidth) + column;
    const T* from = static_cast<const T*>(rows.first) + (exists ? row : 0) * rows.stride + column;
    copy_pack<kPack>(to, from, exists);
    copy_pack<kPack>(to + half, from + half, exists);
  });
}

/// Rotates this thread's part of a tile whose first row is at `position`; its copies have arrived.
template <int kRows, int kWidth, int kPack, typename T>
__device__ __forceinline__ void rotate(T* tile, const Rows& rows, const float2* all_angles,
                                       int position) {
  const int half = rows.width / 2;
  for_own_packs<kRows, kWidth / 2, kPack>([&](int row, int column) {
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

template <int kRows, int kWidth, int kPack, typename T>
__device__ __forceinline__ void copy_tile(T* tile, const Rows& rows, bool is_rotated) {
  if (is_rotated) {
    copy_halves<kRows, kWidth, kPack>(tile, rows);
  } else {
    copy_plain<kRows, kWidth, kPack>(tile, rows);
  }
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

/// Blocks of one multiprocessor that the compiler leaves registers for.
constexpr int resident_blocks(int width) { return width <= 64 ? 4 : 2; }

/// kPack: elements of one copy; `has_pairs`: outputs may be written two at a time.
template <typename T, int kWidth, int kPack>
__global__ void __launch_bounds__(kAttentionThreads, resident_blocks(kWidth))
    attend(const AttentionArguments op, const bool has_pairs) {
  constexpr int kStride = tile_stride(kWidth);
  constexpr int kDepths = kWidth / 16;
  constexpr int kKeyRows = key_rows(kWidth);
  constexpr int kKeyGroups = kKeyRows / 16;
  constexpr int kTile = tile_elements(kWidth);
  __shared__ __align__(16) unsigned char shared[attention_shared_bytes(kWidth)];
  T* const tiles = reinterpret_cast<T*>(shared);

  const AttentionTile tile = op.tiles[blockIdx.y];
  const std::int64_t head = blockIdx.x;
  const int lane = static_cast<int>(threadIdx.x % kWarpSize);
  const int warp_row = static_cast<int>(threadIdx.x / kWarpSize) * kWarpRows;
  const std::int64_t width = op.heads * op.head_width;  // columns of the queries
  const auto head_width = static_cast<int>(op.head_width);
  const T* first =
      static_cast<const T*>(op.qkv.data) + tile.first_row * op.qkv.stride + head * op.head_width;
  const bool is_rotated = op.angles != nullptr;
  const auto rows_from = [&](int row, int column_block, int most) {
    return Rows{first + row * op.qkv.stride + column_block * width, op.qkv.stride,
                min(most, tile.length - row), head_width};
  };
  const auto begin_keys = [&](int first_key) {
    T* keys = tiles + first_key / kKeyRows % kKeyBuffers * 2 * kTile;
    copy_tile<kKeyRows, kWidth, kPack>(keys, rows_from(first_key, 1, kKeyRows), is_rotated);
    copy_tile<kKeyRows, kWidth, kPack>(keys + kTile, rows_from(first_key, 2, kKeyRows), false);
  };

  if (head_width < kWidth) {  // no copy reaches these columns
    for (int i = static_cast<int>(threadIdx.x); i < kKeyBuffers * 2 * kTile;
         i += kAttentionThreads) {
      if (i % kStride >= head_width) tiles[i] = narrow<T>(0.0f);
    }
  }
  T* const query_tile = tiles + 2 * kTile;
  const Rows queries = rows_from(tile.first_query, 0, kQueryRows);
  copy_tile<kQueryRows, kWidth, kPack>(query_tile, queries, is_rotated);
  begin_keys(0);
  wait_for_copies();
  if (is_rotated) {
    rotate<kQueryRows, kWidth, kPack>(query_tile, queries, op.angles, tile.first_query);
  }
  __syncthreads();
  const bool is_active = warp_row < queries.count;
  std::uint32_t q[kDepths][4];
#pragma unroll
  for (int d = 0; d < kDepths; ++d) {
    load_matrices(q[d],
                  query_tile + (warp_row + left_row(lane)) * kStride + d * 16 + left_column(lane));
  }

  // 2^x instead of e^x. The factor is applied together with the subtraction of the maximum, unless
  // a bias comes in between (or the factor would turn the order of the scores around).
  const float factor = op.scale * kLog2E;
  const bool is_scaled_first = op.slopes != nullptr || !(factor > 0.0f);
  const float slope = op.slopes == nullptr ? 0.0f : op.slopes[head] * kLog2E;
  const float late_factor = is_scaled_first ? 1.0f : factor;
  float sums[kWidth / 8][4] = {};
  float largest[2] = {-INFINITY, -INFINITY};
  float totals[2] = {0.0f, 0.0f};  // of this lane's columns
  const int query = tile.first_query + warp_row + accumulator_row(lane, 0);

  for (int first_key = 0; first_key < tile.length; first_key += kKeyRows) {
    T* keys = tiles + first_key / kKeyRows % kKeyBuffers * 2 * kTile;
    const T* values = keys + kTile;
    const int rows = keys_to_compute(tile.length, first_key, kKeyRows);
    wait_for_copies();
    if (is_rotated) {
      rotate<kKeyRows, kWidth, kPack>(keys, rows_from(first_key, 1, kKeyRows), op.angles,
                                      first_key);
    }
    // This tile is there for all, and nobody reads the other pair any more, nor the queries.
    __syncthreads();
    if (first_key + kKeyRows < tile.length) {
      begin_keys(first_key + kKeyRows);
      commit_copies();
    }
    if (!is_active) continue;

    float scores[2 * kKeyGroups][4];
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
    }
    // f(score, row of two, key) for all that were computed.
    const auto for_each_score = [&](auto&& f) {
#pragma unroll
      for (int t = 0; t < 2 * kKeyGroups; ++t) {
        if (t / 2 * 16 >= rows) break;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          f(scores[t][i], i / 2, first_key + t * 8 + accumulator_column(lane, i));
        }
      }
    };
    if (is_scaled_first) {
      for_each_score([&](float& score, int r, int key) {
        const float distance = static_cast<float>(query + r * 8) - static_cast<float>(key);
        score = fmaf(score, factor, -slope * fabsf(distance));
      });
    }
    if (first_key + rows > tile.length) {
      for_each_score([&](float& score, int, int key) {
        if (key >= tile.length) score = -INFINITY;
      });
    }
    float larger[2] = {largest[0], largest[1]};
    for_each_score([&](float& score, int r, int) { larger[r] = fmaxf(larger[r], score); });
    float offsets[2];
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      larger[r] = row_max(larger[r]);
      offsets[r] = larger[r] * late_factor;
      const float correction = exp2_short(fmaf(largest[r], late_factor, -offsets[r]));
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
          scores[t][i] = exp2_short(fmaf(scores[t][i], late_factor, -offsets[i / 2]));
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

template <typename T, int kWidth, int kPack>
void launch(const AttentionArguments& op, bool has_pairs, cudaStream_t stream) {
  // Heads first: the blocks that run together read neighbouring columns of the same rows.
  const auto heads = static_cast<unsigned>(op.heads);
  constexpr std::int64_t kMostTiles = 65535;  // of a grid's second dimension
  for (std::int64_t first = 0; first < op.tile_count; first += kMostTiles) {
    AttentionArguments part = op;
    part.tiles += first;
    const std::int64_t left = op.tile_count - first;
    const dim3 grid(heads, static_cast<unsigned>(left < kMostTiles ? left : kMostTiles));
    attend<T, kWidth, kPack><<<grid, kAttentionThreads, 0, stream>>>(part, has_pairs);
  }
}

/// Packs of four are for the heads of 24 columns, whose halves are no whole packs of eight.
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
