// What a dense layer does beside its product: activations, and the finishing of products.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/kernels/packs.cuh"

namespace virnucpro::cuda {
namespace {

/// What activate() computes.
enum class Applied { kRelu, kGelu, kLeanGelu };

template <typename T, int kPack, Applied kApplied>
__global__ void __launch_bounds__(kPackThreads)
    activate(T* output, std::int64_t stride, std::int64_t rows, std::int64_t columns) {
  for_each_pack<kPack>(rows, columns, [&](std::int64_t row, std::int64_t column) {
    float v[kPack];
    load(output + row * stride + column, v);
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      if constexpr (kApplied == Applied::kRelu) v[j] = v[j] < 0.0f ? 0.0f : v[j];  // NaN stays NaN
      if constexpr (kApplied == Applied::kGelu) v[j] = gelu<T>(v[j]);
      if constexpr (kApplied == Applied::kLeanGelu) v[j] = gelu_lean(v[j]);
    }
    store(output + row * stride + column, v);
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

/// kPack of more than one: residual and output are of one type, and no column is kept.
template <typename TProduct, typename TOut, int kPack>
__global__ void __launch_bounds__(kPackThreads) finish(const FinishLinear op) {
  const auto* product = static_cast<const TProduct*>(op.product);
  auto* output = static_cast<TOut*>(op.output.data);
  for_each_pack<kPack>(
      op.output.rows, op.output.columns, [&](std::int64_t row, std::int64_t column) {
        const auto whole = *reinterpret_cast<const Elements<TProduct, kPack>*>(
            product + row * op.product_stride + column);
        float r[kPack] = {};
        if (op.residual.data != nullptr) {
          const std::int64_t at = row * op.residual.stride + column;
          if constexpr (kPack > 1) {
            load(static_cast<const TOut*>(op.residual.data) + at, r);
          } else {
            r[0] = any_float(op.residual.data, op.residual.type, at);
          }
        }
        float v[kPack];
#pragma unroll
        for (int j = 0; j < kPack; ++j) {
          v[j] = static_cast<float>(whole.values[j]);
          // Rounded in between, as ops/linear.h requires.
          if (op.row_scales != nullptr) {
            v[j] = __fmul_rn(v[j], __fmul_rn(op.row_scales[row], op.column_scales[column + j]));
          }
          if (kPack == 1 && op.kept.inputs != nullptr) {
            float sum = 0.0f;
            for (std::int64_t i = 0; i < op.kept.stride; ++i) {
              sum = fmaf(any_float(op.kept.inputs, op.kept.type, row * op.kept.stride + i),
                         widen(op.kept.weights[column * op.kept.stride + i]), sum);
            }
            v[j] = __fadd_rn(v[j], sum);
          }
          if (op.bias != nullptr) v[j] = __fadd_rn(v[j], op.bias[column + j]);
          if (op.activation == ops::Activation::kGelu) v[j] = gelu<TOut>(v[j]);
          if (op.activation == ops::Activation::kRelu) v[j] = v[j] < 0.0f ? 0.0f : v[j];
          if (op.residual.data != nullptr) v[j] += r[j];
        }
        store(output + row * op.output.stride + column, v);
      });
}

}  // namespace

void launch_activation(ops::Activation activation, const Matrix& output, bool is_lean,
                       cudaStream_t stream) {
  if (activation == ops::Activation::kNone || output.rows == 0 || output.columns == 0) return;
  with_type(output.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const auto run = [&](auto pack, auto applied) {
      constexpr int kPack = decltype(pack)::value;
      activate<T, kPack, decltype(applied)::value>
          <<<blocks_of(output.rows, output.columns, kPack), kPackThreads, 0, stream>>>(
              elements<T>(output), output.stride, output.rows, output.columns);
    };
    const auto with_pack = [&](auto applied) {
      if (has_packs(output, kPackOf<T>)) {
        run(std::integral_constant<int, kPackOf<T>>{}, applied);
      } else {
        run(std::integral_constant<int, 1>{}, applied);
      }
    };
    if (activation == ops::Activation::kRelu) {
      with_pack(std::integral_constant<Applied, Applied::kRelu>{});
    } else if (is_lean) {
      with_pack(std::integral_constant<Applied, Applied::kLeanGelu>{});
    } else {
      with_pack(std::integral_constant<Applied, Applied::kGelu>{});
    }
  });
}

void launch_finish_linear(const FinishLinear& op, cudaStream_t stream) {
  if (op.output.rows == 0 || op.output.columns == 0) return;
  if (op.kept.inputs != nullptr && launch_finish_kept(op, stream)) return;
  constexpr int kPack = 4;
  const bool packs = op.kept.inputs == nullptr && op.product_stride % kPack == 0 &&
                     has_packs(op.output, kPack) &&
                     (op.residual.empty() ||
                      (op.residual.type == op.output.type && has_packs(op.residual, kPack)));
  with_type(op.output.type, [&](auto tag) {
    using TOut = typename decltype(tag)::Type;
    const auto run = [&](auto pack) {
      constexpr int kCount = decltype(pack)::value;
      const unsigned blocks = blocks_of(op.output.rows, op.output.columns, kCount);
      if (op.is_int32) {
        finish<std::int32_t, TOut, kCount><<<blocks, kPackThreads, 0, stream>>>(op);
      } else {
        finish<float, TOut, kCount><<<blocks, kPackThreads, 0, stream>>>(op);
      }
    };
    if (packs) {
      run(std::integral_constant<int, kPack>{});
    } else {
      run(std::integral_constant<int, 1>{});
    }
  });
}

}  // namespace virnucpro::cuda
