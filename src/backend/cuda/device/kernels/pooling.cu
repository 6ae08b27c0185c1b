// Means over the rows of each sequence, and the search for NaN and infinity in what comes out.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"

namespace virnucpro::cuda {
namespace {

// Threads of a block, each of which sums one column: small, so that a hundred sequences fill a
// device with as many multiprocessors.
constexpr int kPoolThreads = 128;
constexpr int kCheckThreads = 256;
constexpr int kRowsAtOnce = 8;  // loads in flight before the first addition

__device__ __forceinline__ RowCheck nothing() { return {0, 0, INFINITY, -INFINITY}; }

__device__ __forceinline__ void look(RowCheck& check, float v) {
  if (isfinite(v)) {
    check.finite_min = fminf(check.finite_min, v);
    check.finite_max = fmaxf(check.finite_max, v);
  } else if (isnan(v)) {
    ++check.nan;
  } else {
    ++check.infinite;
  }
}

/// Joins the checks of all threads and has the first one write it.
template <int kThreads>
__device__ void write_joined(RowCheck check, RowCheck* to) {
  __shared__ RowCheck shared[kThreads / 32];
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) {
    check.nan += __shfl_xor_sync(0xffffffffu, check.nan, offset);
    check.infinite += __shfl_xor_sync(0xffffffffu, check.infinite, offset);
    check.finite_min =
        fminf(check.finite_min, __shfl_xor_sync(0xffffffffu, check.finite_min, offset));
    check.finite_max =
        fmaxf(check.finite_max, __shfl_xor_sync(0xffffffffu, check.finite_max, offset));
  }
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = check;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int i = 1; i < kThreads / 32; ++i) {
    check.nan += shared[i].nan;
    check.infinite += shared[i].infinite;
    check.finite_min = fminf(check.finite_min, shared[i].finite_min);
    check.finite_max = fmaxf(check.finite_max, shared[i].finite_max);
  }
  *to = check;
}

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
    double sum = 0.0;  // as on the other backends; this is no kernel that the time goes to
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

template <typename T>
__global__ void __launch_bounds__(kCheckThreads)
    check_rows(const T* input, std::int64_t stride, std::int64_t columns, RowCheck* checks) {
  const std::int64_t row = blockIdx.x;
  RowCheck check = nothing();
  for (std::int64_t c = threadIdx.x; c < columns; c += kCheckThreads) {
    look(check, widen(input[row * stride + c]));
  }
  write_joined<kCheckThreads>(check, checks + row);
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

void launch_check_rows(const ConstMatrix& input, RowCheck* checks, cudaStream_t stream) {
  if (input.rows == 0) return;
  with_type(input.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    check_rows<T><<<static_cast<unsigned>(input.rows), kCheckThreads, 0, stream>>>(
        elements<T>(input), input.stride, input.columns, checks);
  });
}

}  // namespace virnucpro::cuda
