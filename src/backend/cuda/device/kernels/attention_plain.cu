// Attention in float32 for every type, width and length: one warp per query, one lane per key. It
// serves the diagnostic mode, and heads for which the tensor core kernel has no form.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"

namespace virnucpro::cuda {
namespace {

template <typename T>
__global__ void __launch_bounds__(kPlainQueryRows * 32) attend_plain(const AttentionArguments op) {
  extern __shared__ float memory[];
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  const AttentionTile tile = op.tiles[blockIdx.x];
  const int query = tile.first_query + warp;
  if (query >= tile.length) return;  // no barrier follows: warps work alone
  const auto width = static_cast<int>(op.head_width);
  const int half = width / 2;
  const std::int64_t head = blockIdx.y;
  const std::int64_t values = op.heads * op.head_width;  // columns of the queries
  const T* first =
      static_cast<const T*>(op.qkv.data) + tile.first_row * op.qkv.stride + head * op.head_width;
  float* q = memory + static_cast<std::size_t>(warp) * 2 * width;
  float* sum = q + width;

  const T* query_row = first + query * op.qkv.stride;
  for (int c = lane; c < width; c += 32) {
    float v = widen(query_row[c]);
    if (op.angles != nullptr) {
      const bool is_low = c < half;
      const float2 angle =
          op.angles[static_cast<std::int64_t>(query) * half + (is_low ? c : c - half)];
      const float other = widen(query_row[is_low ? c + half : c - half]);
      v = is_low ? v * angle.x - other * angle.y : v * angle.x + other * angle.y;
    }
    q[c] = v * op.scale;
    sum[c] = 0.0f;
  }
  __syncwarp();

  const float slope = op.slopes == nullptr ? 0.0f : op.slopes[head];
  float largest = -INFINITY;
  float total = 0.0f;
  for (int first_key = 0; first_key < tile.length; first_key += 32) {
    const int key = first_key + lane;
    float score = -INFINITY;
    if (key < tile.length) {
      const T* key_row = first + key * op.qkv.stride + values;
      score = 0.0f;
      if (op.angles == nullptr) {
        for (int c = 0; c < width; ++c) score = fmaf(q[c], widen(key_row[c]), score);
      } else {
        const float2* angles = op.angles + static_cast<std::int64_t>(key) * half;
        for (int c = 0; c < half; ++c) {
          const float low = widen(key_row[c]);
          const float high = widen(key_row[c + half]);
          const float2 angle = angles[c];
          score = fmaf(q[c], low * angle.x - high * angle.y, score);
          score = fmaf(q[c + half], high * angle.x + low * angle.y, score);
        }
      }
      score -= slope * fabsf(static_cast<float>(query - key));
    }
    const float larger = fmaxf(largest, warp_max(score));
    const float p = expf(score - larger);  // 0 beyond the last key
    const float correction = expf(largest - larger);
    total = total * correction + warp_sum(p);
    largest = larger;
    const int keys = min(32, tile.length - first_key);
    // Every lane takes part in the shuffles, whichever columns it has.
    for (int c0 = 0; c0 < width; c0 += 32) {
      const int c = c0 + lane;
      float v = c < width ? sum[c] * correction : 0.0f;
      for (int k = 0; k < keys; ++k) {
        const float weight = __shfl_sync(0xffffffffu, p, k);
        if (c < width) {
          v = fmaf(weight, widen(first[(first_key + k) * op.qkv.stride + 2 * values + c]), v);
        }
      }
      if (c < width) sum[c] = v;
    }
    __syncwarp();  // a wide load of the queries' end may touch the first sums
  }
  T* output = static_cast<T*>(op.output.data) + (tile.first_row + query) * op.output.stride +
              head * op.head_width;
  for (int c = lane; c < width; c += 32) output[c] = narrow<T>(sum[c] / total);
}

}  // namespace

void launch_attention_plain(const AttentionArguments& op, cudaStream_t stream) {
  if (op.tile_count == 0 || op.heads == 0 || op.head_width == 0) return;
  const dim3 grid(static_cast<unsigned>(op.tile_count), static_cast<unsigned>(op.heads));
  const std::size_t shared =
      static_cast<std::size_t>(kPlainQueryRows * 2 * op.head_width) * sizeof(float);
  with_type(op.qkv.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    attend_plain<T><<<grid, kPlainQueryRows * 32, shared, stream>>>(op);
  });
}

}  // namespace virnucpro::cuda
