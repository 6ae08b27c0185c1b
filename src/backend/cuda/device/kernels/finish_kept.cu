// Turns int8 products into results where columns are kept in float16: their small product is made
// on tensor cores by the same block that finishes a tile, so that it never lies in memory.
#include "backend/cuda/attention_tiling.h"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/kernels/matrix_instructions.cuh"

namespace virnucpro::cuda {
namespace {

constexpr int kWarps = 4;
constexpr int kTile = kWarps * kInstructionRows;  // rows, and outputs, of one block
constexpr int kChunk = 64;                        // kept columns in shared memory at a time
constexpr int kStride = kChunk + kRowPadding;
constexpr int kOutputTiles = kTile / 8;

/// Copies rows [first, first + kTile) of `from`, `width` columns each, zeros beyond `rows`.
__device__ __forceinline__ void copy_rows(__half* to, const __half* from, std::int64_t stride,
                                          std::int64_t first, std::int64_t rows, int width) {
  const int packs = width / 8;
  for (int i = static_cast<int>(threadIdx.x); i < kTile * packs; i += kWarps * 32) {
    const int row = i / packs;
    const int column = i % packs * 8;
    uint4 pack = {};
    if (first + row < rows) {
      pack = *reinterpret_cast<const uint4*>(from + (first + row) * stride + column);
    }
    *reinterpret_cast<uint4*>(to + row * kStride + column) = pack;
  }
}

template <bool kHasResidual>
__global__ void __launch_bounds__(kWarps * 32) finish_kept(const FinishLinear op) {
  __shared__ __align__(16) __half inputs[kTile * kStride];
  __shared__ __align__(16) __half weights[kTile * kStride];
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.y) * kTile;
  const std::int64_t first_output = static_cast<std::int64_t>(blockIdx.x) * kTile;
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int warp_row = static_cast<int>(threadIdx.x / 32) * kInstructionRows;
  float sums[kOutputTiles][4] = {};
  for (int begin = 0; begin < op.kept.stride; begin += kChunk) {
    const int width = min(kChunk, static_cast<int>(op.kept.stride) - begin);
    __syncthreads();
    copy_rows(inputs, static_cast<const __half*>(op.kept.inputs) + begin, op.kept.stride, first_row,
              op.output.rows, width);
    copy_rows(weights, op.kept.weights + begin, op.kept.stride, first_output, op.output.columns,
              width);
    __syncthreads();
    for (int d = 0; d < width; d += 16) {
      std::uint32_t a[4];
      load_matrices(a, shared_address(inputs + (warp_row + left_row(lane)) * kStride + d +
                                      left_column(lane)));
#pragma unroll
      for (int n = 0; n < kOutputTiles; n += 2) {
        std::uint32_t b[4];
        load_matrices(
            b, shared_address(weights + (n * 8 + key_row(lane)) * kStride + d + key_column(lane)));
        multiply_add<__half>(sums[n], a, b[0], b[1]);
        multiply_add<__half>(sums[n + 1], a, b[2], b[3]);
      }
    }
  }
  const auto* product = static_cast<const std::int32_t*>(op.product);
  auto* output = static_cast<__half*>(op.output.data);
  const auto* residual = static_cast<const __half*>(op.residual.data);
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const std::int64_t row = first_row + warp_row + accumulator_row(lane, 2 * half);
    if (row >= op.output.rows) continue;
    const float row_scale = op.row_scales[row];
#pragma unroll
    for (int n = 0; n < kOutputTiles; ++n) {
      const std::int64_t column = first_output + n * 8 + accumulator_column(lane, 0);
      if (column >= op.output.columns) continue;  // these are even
      const int2 whole = *reinterpret_cast<const int2*>(product + row * op.product_stride + column);
      float v[2] = {static_cast<float>(whole.x), static_cast<float>(whole.y)};
      float r[2] = {};
      if constexpr (kHasResidual) load(residual + row * op.residual.stride + column, r);
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        // Rounded in between, as ops/linear.h requires.
        v[j] = __fmul_rn(v[j], __fmul_rn(row_scale, op.column_scales[column + j]));
        v[j] = __fadd_rn(v[j], sums[n][2 * half + j]);
        if (op.bias != nullptr) v[j] = __fadd_rn(v[j], op.bias[column + j]);
        if (op.activation == ops::Activation::kGelu) v[j] = gelu<__half>(v[j]);
        if (op.activation == ops::Activation::kRelu) v[j] = v[j] < 0.0f ? 0.0f : v[j];
        if constexpr (kHasResidual) v[j] += r[j];
      }
      store(output + row * op.output.stride + column, v);
    }
  }
}

/// True where rows of float16 consist of whole pairs.
bool has_pairs(const ConstMatrix& matrix) {
  return matrix.type == DataType::kFloat16 && matrix.columns % 2 == 0 && matrix.stride % 2 == 0 &&
         reinterpret_cast<std::uintptr_t>(matrix.data) % 4 == 0;
}

}  // namespace

bool launch_finish_kept(const FinishLinear& op, cudaStream_t stream) {
  const bool fits = op.kept.type == DataType::kFloat16 && op.is_int32 && has_pairs(op.output) &&
                    op.product_stride % 2 == 0 && (op.residual.empty() || has_pairs(op.residual));
  if (!fits) return false;
  const auto blocks = [](std::int64_t count) {
    return static_cast<unsigned>((count + kTile - 1) / kTile);
  };
  const dim3 grid(blocks(op.output.columns), blocks(op.output.rows));
  if (op.residual.empty()) {
    finish_kept<false><<<grid, kWarps * 32, 0, stream>>>(op);
  } else {
    finish_kept<true><<<grid, kWarps * 32, 0, stream>>>(op);
  }
  return true;
}

}  // namespace virnucpro::cuda
