// Means over the rows of each sequence; the same pass looks for NaN and infinity.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/kernels/row_check.cuh"

namespace virnucpro::cuda {
namespace {

// Threads of a block, each of which sums one column. Blocks are small, so that a hundred sequences
// fill a device with as many multiprocessors.
constexpr int kPoolThreads = 128;
constexpr int kRowsAtOnce = 8;  // loads in flight before the first addition

template <typename T>
__global__ void __launch_bounds__(kPoolThreads)
    pool(const T* input, std::int64_t input_stride, const PoolRows rows, float* output,
         std::int64_t output_stride, std::int64_t columns, RowCheck* checks) {
  const std::int64_t sequence = blockIdx.x;
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.y) * kPoolThreads + threadIdx.x;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  if (rows.row_length == 0) {
    begin = rows.offsets[sequence];
    end = rows.offsets[sequence + 1];
  } else {
    begin = sequence * rows.row_length;
    end = begin + rows.offsets[sequence];
  }
  begin += rows.skip_front;
  end -= rows.skip_back;
  if (rows.max_rows > 0 && end - begin > rows.max_rows) end = begin + rows.max_rows;
  RowCheck check = nothing();
  if (column < columns) {
    double sum = 0.0;  // as on the other backends; this kernel takes little of the time
    std::int64_t row = begin;
    for (; row + kRowsAtOnce <= end; row += kRowsAtOnce) {
      float v[kRowsAtOnce];
#pragma unroll
      for (int i = 0; i < kRowsAtOnce; ++i) v[i] = widen(input[(row + i) * input_stride + column]);
#pragma unroll
      for (int i = 0; i < kRowsAtOnce; ++i) sum += v[i];  // in row order
    }
    for (; row < end; ++row) sum += widen(input[row * input_stride + column]);
    const float mean =
        end > begin ? static_cast<float>(sum / static_cast<double>(end - begin)) : 0.0f;
    output[sequence * output_stride + column] = mean;
    look(check, mean);
  }
  if (checks != nullptr) {
    write_joined<kPoolThreads>(check, checks + sequence * gridDim.y + blockIdx.y);
  }
}

}  // namespace

std::int64_t pool_parts(std::int64_t columns) {
  return (columns + kPoolThreads - 1) / kPoolThreads;
}

void launch_mean_pool(const ConstMatrix& input, const PoolRows& rows, const Matrix& output,
                      RowCheck* checks, cudaStream_t stream) {
  if (output.rows == 0 || output.columns == 0) return;
  with_type(input.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const dim3 grid(static_cast<unsigned>(output.rows),
                    static_cast<unsigned>(pool_parts(output.columns)));
    pool<T><<<grid, kPoolThreads, 0, stream>>>(elements<T>(input), input.stride, rows,
                                               elements<float>(output), output.stride,
                                               output.columns, checks);
  });
}

}  // namespace virnucpro::cuda
