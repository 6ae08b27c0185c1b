// Softmax over the columns of each row.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"

namespace virnucpro::cuda {
namespace {

constexpr int kThreads = 256;

/// One warp per row.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    softmax_rows(const T* input, std::int64_t input_stride, T* output, std::int64_t output_stride,
                 std::int64_t rows, std::int64_t columns) {
  const std::int64_t row =
      static_cast<std::int64_t>(blockIdx.x) * (kThreads / 32) + threadIdx.x / 32;
  if (row >= rows) return;
  const int lane = static_cast<int>(threadIdx.x % 32);
  const T* from = input + row * input_stride;
  float largest = -INFINITY;
  for (std::int64_t c = lane; c < columns; c += 32) largest = fmaxf(largest, widen(from[c]));
  largest = warp_max(largest);
  float sum = 0.0f;
  for (std::int64_t c = lane; c < columns; c += 32) sum += expf(widen(from[c]) - largest);
  sum = warp_sum(sum);
  for (std::int64_t c = lane; c < columns; c += 32) {
    output[row * output_stride + c] = narrow<T>(expf(widen(from[c]) - largest) / sum);
  }
}

}  // namespace

void launch_softmax(const ConstMatrix& input, const Matrix& output, cudaStream_t stream) {
  if (output.rows == 0 || output.columns == 0) return;
  with_type(output.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    softmax_rows<T><<<blocks_for(output.rows, kThreads / 32), kThreads, 0, stream>>>(
        elements<T>(input), input.stride, elements<T>(output), output.stride, output.rows,
        output.columns);
  });
}

}  // namespace virnucpro::cuda
