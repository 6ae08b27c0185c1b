// Quantises rows to int8, each with its own scale, but for columns that are taken out.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"
#include "tensor/quantize.h"

namespace virnucpro::cuda {
namespace {

constexpr int kThreads = 256;

/// One block per row.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    quantize(const T* input, std::int64_t input_stride, std::int64_t columns, std::int8_t* q,
             std::int64_t q_stride, float* scales, const ColumnsOut out) {
  __shared__ float shared[32];
  __shared__ int has_nonfinite;
  const std::int64_t row = blockIdx.x;
  if (threadIdx.x == 0) has_nonfinite = 0;
  __syncthreads();
  const auto is_out = [&](std::int64_t c) {
    return out.mask != nullptr && (out.mask[c / 32] >> (c % 32) & 1u) != 0;
  };
  float largest = 0.0f;
  for (std::int64_t c = threadIdx.x; c < columns; c += kThreads) {
    if (is_out(c)) continue;
    const float v = widen(input[row * input_stride + c]);
    if (!isfinite(v)) has_nonfinite = 1;  // every writer writes the same
    largest = fmaxf(largest, fabsf(v));
  }
  largest = block_max(largest, shared);  // its barriers order has_nonfinite
  // row_scale() of tensor/quantize.h, division by division.
  float scale = 0.0f;
  float factor = 0.0f;
  if (has_nonfinite != 0) {
    scale = __int_as_float(0x7fffffff);
  } else if (largest >= kLeastQuantizedMagnitude) {
    scale = __fdiv_rn(largest, kInt8Limit);
    factor = __fdiv_rn(kInt8Limit, largest);
  }
  if (threadIdx.x == 0) scales[row] = scale;
  for (std::int64_t c = threadIdx.x; c < q_stride; c += kThreads) {
    const float v = c < columns && factor != 0.0f && !is_out(c)
                        ? rintf(__fmul_rn(widen(input[row * input_stride + c]), factor))
                        : 0.0f;
    q[row * q_stride + c] = static_cast<std::int8_t>(v);
  }
  T* values = static_cast<T*>(out.values) + row * out.stride;
  for (std::int64_t i = threadIdx.x; i < out.stride; i += kThreads) {
    values[i] = i < out.count ? input[row * input_stride + out.columns[i]] : narrow<T>(0.0f);
  }
}

}  // namespace

void launch_quantize_rows(const ConstMatrix& input, std::int8_t* q, std::int64_t q_stride,
                          float* scales, const ColumnsOut& out, cudaStream_t stream) {
  if (input.rows == 0) return;
  with_type(input.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    quantize<T><<<static_cast<unsigned>(input.rows), kThreads, 0, stream>>>(
        elements<T>(input), input.stride, input.columns, q, q_stride, scales, out);
  });
}

}  // namespace virnucpro::cuda
