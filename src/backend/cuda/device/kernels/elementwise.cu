// Kernels that look at every element once: lookup, activations, gates, conversion, finished
// products.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"
#include "tensor/quantize.h"

namespace virnucpro::cuda {
namespace {

constexpr int kThreads = 256;

/// Which packs of a matrix [rows, columns / kPack] a thread takes: one after the other over the
/// whole matrix, so that short rows fill the blocks, too.
template <int kPack, typename F>
__device__ __forceinline__ void for_each_pack(std::int64_t rows, std::int64_t columns, F&& f) {
  const std::int64_t packs = columns / kPack;
  const std::int64_t total = rows * packs;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < total;
       i += step) {
    f(i / packs, i % packs * kPack);
  }
}

/// Enough blocks for every multiprocessor of the largest devices, and no more than there is work.
unsigned blocks_of(std::int64_t rows, std::int64_t columns, int pack) {
  constexpr std::int64_t kMost = 1 << 16;
  const std::int64_t blocks = (rows * (columns / pack) + kThreads - 1) / kThreads;
  return static_cast<unsigned>(blocks < kMost ? blocks : kMost);
}

template <typename TTable, typename TOut, int kPack>
__global__ void __launch_bounds__(kThreads)
    lookup(const std::int32_t* ids, const TTable* table, std::int64_t table_stride,
           const float* addend, float scale, TOut* output, std::int64_t output_stride,
           std::int64_t rows, std::int64_t columns) {
  for_each_pack<kPack>(rows, columns, [&](std::int64_t row, std::int64_t column) {
    float v[kPack];
    load(table + ids[row] * table_stride + column, v);
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      v[j] = scale * (v[j] + (addend == nullptr ? 0.0f : addend[column + j]));
    }
    store(output + row * output_stride + column, v);
  });
}

template <typename T, int kPack, bool kGelu>
__global__ void __launch_bounds__(kThreads)
    activate(T* output, std::int64_t stride, std::int64_t rows, std::int64_t columns) {
  for_each_pack<kPack>(rows, columns, [&](std::int64_t row, std::int64_t column) {
    float v[kPack];
    load(output + row * stride + column, v);
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      v[j] = kGelu ? gelu<T>(v[j]) : (v[j] < 0.0f ? 0.0f : v[j]);  // NaN stays NaN
    }
    store(output + row * stride + column, v);
  });
}

template <typename T, int kPack>
__global__ void __launch_bounds__(kThreads)
    gate(const T* input, std::int64_t input_stride, T* output, std::int64_t output_stride,
         std::int64_t rows, std::int64_t columns) {
  for_each_pack<kPack>(rows, columns, [&](std::int64_t row, std::int64_t column) {
    float g[kPack];
    float v[kPack];
    load(input + row * input_stride + column, g);
    load(input + row * input_stride + columns + column, v);
#pragma unroll
    for (int j = 0; j < kPack; ++j) v[j] *= gelu<T>(g[j]);
    store(output + row * output_stride + column, v);
  });
}

template <typename TIn, typename TOut, int kPack>
__global__ void __launch_bounds__(kThreads)
    change_type(const TIn* input, std::int64_t input_stride, TOut* output,
                std::int64_t output_stride, std::int64_t rows, std::int64_t columns) {
  for_each_pack<kPack>(rows, columns, [&](std::int64_t row, std::int64_t column) {
    float v[kPack];
    load(input + row * input_stride + column, v);
    store(output + row * output_stride + column, v);
  });
}

__device__ __forceinline__ float any_float(const void* data, DataType type, std::int64_t i) {
  switch (type) {
    case DataType::kFloat16:
      return widen(static_cast<const __half*>(data)[i]);
    case DataType::kBFloat16:
      return widen(static_cast<const __nv_bfloat16*>(data)[i]);
    default:
      return static_cast<const float*>(data)[i];
  }
}

template <typename TProduct, typename TOut>
__global__ void __launch_bounds__(kThreads) finish(const FinishLinear op) {
  const auto* product = static_cast<const TProduct*>(op.product);
  auto* output = static_cast<TOut*>(op.output.data);
  for_each_pack<1>(op.output.rows, op.output.columns, [&](std::int64_t row, std::int64_t column) {
    float v = static_cast<float>(product[row * op.product_stride + column]);
    // Rounded in between, as ops/linear.h says.
    if (op.row_scales != nullptr) {
      v = __fmul_rn(v, __fmul_rn(op.row_scales[row], op.column_scales[column]));
    }
    if (op.bias != nullptr) v = __fadd_rn(v, op.bias[column]);
    if (op.activation == ops::Activation::kGelu) v = gelu<TOut>(v);
    if (op.activation == ops::Activation::kRelu) v = v < 0.0f ? 0.0f : v;
    if (op.residual.data != nullptr) {
      v += any_float(op.residual.data, op.residual.type, row * op.residual.stride + column);
    }
    output[row * op.output.stride + column] = narrow<TOut>(v);
  });
}

/// One block per row.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    quantize(const T* input, std::int64_t input_stride, std::int64_t columns, std::int8_t* q,
             std::int64_t q_stride, float* scales) {
  __shared__ float shared[32];
  __shared__ int has_nonfinite;
  const std::int64_t row = blockIdx.x;
  if (threadIdx.x == 0) has_nonfinite = 0;
  __syncthreads();
  float largest = 0.0f;
  for (std::int64_t c = threadIdx.x; c < columns; c += kThreads) {
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
    const float v = c < columns && factor != 0.0f
                        ? rintf(__fmul_rn(widen(input[row * input_stride + c]), factor))
                        : 0.0f;
    q[row * q_stride + c] = static_cast<std::int8_t>(v);
  }
}

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

void launch_embedding_lookup(const std::int32_t* ids, const ConstMatrix& table, const float* addend,
                             float scale, const Matrix& output, cudaStream_t stream) {
  if (output.rows == 0 || output.columns == 0) return;
  with_type(table.type, [&](auto table_tag) {
    with_type(output.type, [&](auto output_tag) {
      using TTable = typename decltype(table_tag)::Type;
      using TOut = typename decltype(output_tag)::Type;
      const auto run = [&](auto pack) {
        constexpr int kPack = decltype(pack)::value;
        lookup<TTable, TOut, kPack>
            <<<blocks_of(output.rows, output.columns, kPack), kThreads, 0, stream>>>(
                ids, elements<TTable>(table), table.stride, addend, scale, elements<TOut>(output),
                output.stride, output.rows, output.columns);
      };
      if (has_packs(table, 4) && has_packs(output, 4)) {
        run(std::integral_constant<int, 4>{});
      } else {
        run(std::integral_constant<int, 1>{});
      }
    });
  });
}

void launch_activation(ops::Activation activation, const Matrix& output, cudaStream_t stream) {
  if (activation == ops::Activation::kNone || output.rows == 0 || output.columns == 0) return;
  with_type(output.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const auto run = [&](auto pack, auto is_gelu) {
      constexpr int kPack = decltype(pack)::value;
      activate<T, kPack, decltype(is_gelu)::value>
          <<<blocks_of(output.rows, output.columns, kPack), kThreads, 0, stream>>>(
              elements<T>(output), output.stride, output.rows, output.columns);
    };
    const auto with_pack = [&](auto is_gelu) {
      if (has_packs(output, kPackOf<T>)) {
        run(std::integral_constant<int, kPackOf<T>>{}, is_gelu);
      } else {
        run(std::integral_constant<int, 1>{}, is_gelu);
      }
    };
    if (activation == ops::Activation::kGelu) {
      with_pack(std::true_type{});
    } else {
      with_pack(std::false_type{});
    }
  });
}

void launch_gated_gelu(const ConstMatrix& input, const Matrix& output, cudaStream_t stream) {
  if (output.rows == 0 || output.columns == 0) return;
  with_type(output.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const auto run = [&](auto pack) {
      constexpr int kPack = decltype(pack)::value;
      gate<T, kPack><<<blocks_of(output.rows, output.columns, kPack), kThreads, 0, stream>>>(
          elements<T>(input), input.stride, elements<T>(output), output.stride, output.rows,
          output.columns);
    };
    // The second half of the input begins at a pack where the output consists of packs.
    if (has_packs(input, kPackOf<T>) && has_packs(output, kPackOf<T>)) {
      run(std::integral_constant<int, kPackOf<T>>{});
    } else {
      run(std::integral_constant<int, 1>{});
    }
  });
}

void launch_convert(const ConstMatrix& input, const Matrix& output, cudaStream_t stream) {
  if (output.rows == 0 || output.columns == 0) return;
  with_type(input.type, [&](auto input_tag) {
    with_type(output.type, [&](auto output_tag) {
      using TIn = typename decltype(input_tag)::Type;
      using TOut = typename decltype(output_tag)::Type;
      const auto run = [&](auto pack) {
        constexpr int kPack = decltype(pack)::value;
        change_type<TIn, TOut, kPack>
            <<<blocks_of(output.rows, output.columns, kPack), kThreads, 0, stream>>>(
                elements<TIn>(input), input.stride, elements<TOut>(output), output.stride,
                output.rows, output.columns);
      };
      if (has_packs(input, 4) && has_packs(output, 4)) {
        run(std::integral_constant<int, 4>{});
      } else {
        run(std::integral_constant<int, 1>{});
      }
    });
  });
}

void launch_finish_linear(const FinishLinear& op, cudaStream_t stream) {
  if (op.output.rows == 0 || op.output.columns == 0) return;
  with_type(op.output.type, [&](auto tag) {
    using TOut = typename decltype(tag)::Type;
    const unsigned blocks = blocks_of(op.output.rows, op.output.columns, 1);
    if (op.is_int32) {
      finish<std::int32_t, TOut><<<blocks, kThreads, 0, stream>>>(op);
    } else {
      finish<float, TOut><<<blocks, kThreads, 0, stream>>>(op);
    }
  });
}

void launch_quantize_rows(const ConstMatrix& input, std::int8_t* q, std::int64_t q_stride,
                          float* scales, cudaStream_t stream) {
  if (input.rows == 0) return;
  with_type(input.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    quantize<T><<<static_cast<unsigned>(input.rows), kThreads, 0, stream>>>(
        elements<T>(input), input.stride, input.columns, q, q_stride, scales);
  });
}

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
